// Draws stimulus programs, and changes those that brought something.

#ifndef LLM4COV_DRAWING_H_
#define LLM4COV_DRAWING_H_

#include "bench.h"

namespace llm4cov {

// Classes of trials by length; each gets its share of the cycles.
enum class Span : uint8_t { SHORT, MEDIUM, LONG, MARATHON, COUNT_ };

class Drawing {
public:
    Drawing(const Setup& setup, uint64_t seed, uint64_t longest)
        : m_setup{setup}, m_state{seed * 0x9e3779b97f4a7c15ULL + 1}, m_longest{longest} {}

    Program fresh(Span span);
    Program changed(const std::vector<Program>& corpus);
    // Evenly distributed below a bound above 0.
    uint64_t below(uint64_t bound);
    bool chance(uint32_t percent) { return below(100) < percent; }

private:
    uint64_t draw();
    uint64_t number(const Lane& lane);
    uint64_t lengthOf(Span span);
    uint64_t period();
    void reset(Program& program, uint32_t percent);
    void clocks(Program& program);
    bool script(Program& program, uint32_t lane);
    void control(Program& program, uint32_t lane, bool calm);
    void vector(Program& program, uint32_t lane, bool calm);
    void shape(Program& program, uint32_t lane, bool calm);
    void shapes(Program& program, bool calm, uint32_t percent);
    void segment(Program& program, Span span);
    void handshakes(Program& program);
    void accesses(Program& program, uint64_t cycles);
    void change(Program& program, const std::vector<Program>& corpus);

    const Setup& m_setup;
    uint64_t m_state;
    uint64_t m_longest;
    uint64_t m_pace = 1;  // cycles that several inputs of a program may count in
};

// Cycles of a program, at most.
uint64_t lengthOf(const Program& program);

}  // namespace llm4cov

#endif
