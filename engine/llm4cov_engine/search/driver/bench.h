// Runs stimulus programs on the DUT, cycle by cycle, exactly as the testbench will.

#ifndef LLM4COV_BENCH_H_
#define LLM4COV_BENCH_H_

#include "program.h"
#include "subject.h"

#include <cstring>
#include <string>
#include <vector>

#include <verilated.h>

namespace llm4cov {

struct Field {
    uint32_t low = 0;
    uint32_t width = 0;
    std::vector<uint64_t> values;
};

// Bits that the RTL looks at together, and what they are then.
struct Word {
    uint64_t mask = 0;
    uint64_t value = 0;
};

// Up to 64 bits of an input.
struct Lane {
    uint32_t port = 0;
    uint32_t element = 0;
    uint32_t word = 0;   // the lane's number within the element, 64 bits each
    uint32_t width = 0;
    uint64_t idle = 0;
    bool serial = false;
    int32_t group = 0;   // lanes of one port share a number
    std::vector<uint64_t> values;
    std::vector<Field> fields;
    std::vector<Word> words;
    std::vector<Word> script;        // what shift registers are compared with, part by part
    std::vector<uint32_t> partners;  // outputs that this input seems to answer to, the likeliest first
    bool rare = false;               // best left alone most of the time

    uint64_t mask() const { return width >= 64 ? ~0ULL : (1ULL << width) - 1; }
};

struct Clock {
    uint32_t port = 0;
};

struct Reset {
    uint32_t port = 0;
    uint8_t active = 1;
};

// What a step of a bus access drives.
enum class Given : uint8_t { ZERO, ONES, ADDRESS, DATA };

struct Step {
    std::vector<std::pair<uint32_t, Given>> drives;  // lane and what
    int32_t until = -1;                              // output to wait for
};

struct Bus {
    uint32_t address = 0;
    uint32_t data = 0;
    std::vector<Step> write;
    std::vector<Step> read;
};

// What the command file says of the DUT.
struct Setup {
    std::vector<Lane> lanes;
    std::vector<Clock> clocks;
    std::vector<Reset> resets;
    std::vector<uint32_t> outputs;                            // ports of one bit
    std::vector<std::pair<uint32_t, uint32_t>> observed;      // ports and their bytes
    std::vector<Bus> buses;
    std::vector<uint32_t> periods;
};

// Cycles that a step of a bus access waits at most.
constexpr uint64_t busPatience = 16;

class Ended {};

class Bench {
public:
    Bench(const Setup& setup, int argc, char** argv);

    // The beginning of a simulation: nothing but time 0 has happened.
    void begin();
    // Gives up on what does not come to rest as soon as a simulation does that has seen it often.
    void hurry();
    // Runs a program from wherever the DUT is. False when the DUT ended the simulation.
    bool run(const Program& program);
    // What the model and the stimulus remember, to come back to.
    bool canSave() const { return m_subjectp->memorySize() != 0; }
    void save();
    void restore();

    Subject& subject() { return *m_subjectp; }
    VerilatedContext& context() { return *m_contextp; }
    uint64_t cycles() const { return m_cycles; }
    // Called after every cycle when set.
    void watch(void (*hook)(void*), void* datap) {
        m_hook = hook;
        m_hookDatap = datap;
    }

private:
    struct Driven {
        uint8_t* p;
        uint8_t bytes;
        Mode mode;
        uint32_t age;
        uint64_t now;
        uint64_t value;
        uint64_t count;
    };
    struct State {
        std::vector<Driven> driven;
        std::vector<uint32_t> divisors;
        std::vector<uint32_t> phases;
        uint32_t random = 1;
        uint32_t ticks = 0;
        uint64_t time = 0;
        uint64_t unsettled = 0;
    };

    void make();
    void connect();
    void slot(uint64_t later);
    void settle();
    void tick();
    void change();
    uint64_t next(uint32_t index);
    uint64_t bits(uint32_t width);
    uint64_t picked(const std::vector<uint64_t>& values, uint64_t otherwise, uint64_t at);
    uint32_t draw();
    bool output(uint32_t index) const { return *m_outputs[index] & 1; }
    void drive(uint32_t lane, Mode mode, uint64_t value, uint64_t count);
    void start(uint64_t seed);
    void perform(const Operation& operation);
    void access(const Operation& operation);
    void remember();
    bool changed() const;

    const Setup& m_setup;
    int m_argc;
    char** m_argv;
    std::unique_ptr<VerilatedContext> m_contextp;
    std::unique_ptr<Subject> m_subjectp;
    State m_state;
    std::vector<uint8_t*> m_clocks;
    std::vector<uint8_t*> m_resets;
    std::vector<const uint8_t*> m_outputs;
    std::vector<uint8_t> m_observed;
    std::vector<uint8_t> m_memory;
    State m_saved;
    uint64_t m_timeUnit = 1;  // time steps of a testbench's #1
    uint64_t m_cycles = 0;
    bool m_used = false;
    void (*m_hook)(void*) = nullptr;
    void* m_hookDatap = nullptr;
};

}  // namespace llm4cov

#endif
