// A stimulus program: what a trial does to the DUT, in the terms in which the testbench says it.

#ifndef LLM4COV_PROGRAM_H_
#define LLM4COV_PROGRAM_H_

#include <cstdint>
#include <istream>
#include <ostream>
#include <string>
#include <vector>

namespace llm4cov {

// How an input gets its next value. The testbench's function `next` says the same; see stimulus.py for the meanings.
enum class Mode : uint8_t {
    HOLD, RANDOM, SLOW, BIASED, SPARSE, DENSE, ONE_HOT, RAMP, FLIP, PULSE, TOGGLE, LISTED, SEQUENCE, FIELDS, SERIAL,
    FOLLOW, ANSWER, SAME, NEAR, UNTIL, WORDS, LATER, SCRIPT, COUNT_
};

enum class Code : char {
    START = 'T',  // value: a seed; every input back to its idle level
    DRIVE = 'M',  // lane, mode, value, count
    SEED = 'S',   // value
    CLOCK = 'C',  // clock, divisor, phase
    RESET = 'R',  // mask, cycles
    RUN = 'G',    // cycles
    UNTIL = 'U',  // output, cycles at most
    WAIT = 'W',   // cycles at most, until any output changes
    ACCESS = 'B'  // bus, write or read, address, data
};

struct Operation {
    Code code;
    uint32_t which = 0;  // lane, clock, mask, output or bus
    uint32_t how = 0;    // mode, divisor, or 1 for a write
    uint64_t value = 0;  // value, seed, phase, address
    uint64_t count = 0;  // count, cycles, data
};

using Program = std::vector<Operation>;

inline bool passesTime(Code code) {
    return code == Code::RESET || code == Code::RUN || code == Code::UNTIL || code == Code::WAIT;
}

// Every operation is a letter and four numbers.
inline void write(std::ostream& out, const Program& program) {
    out << program.size();
    for (const Operation& each : program) {
        out << ' ' << static_cast<char>(each.code) << ' ' << each.which << ' ' << each.how << ' ' << each.value << ' '
            << each.count;
    }
}

inline Program readProgram(std::istream& in) {
    size_t size = 0;
    in >> size;
    Program program;
    for (size_t i = 0; i < size && in; ++i) {
        char code = 0;
        Operation each{Code::RUN};
        in >> code >> each.which >> each.how >> each.value >> each.count;
        each.code = static_cast<Code>(code);
        program.push_back(each);
    }
    return program;
}

}  // namespace llm4cov

#endif
