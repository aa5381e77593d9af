// What the search asks of a verilated DUT. The generated glue (see glue.py) implements it once per design, so that
// everything else is compiled once per machine.

#ifndef LLM4COV_SUBJECT_H_
#define LLM4COV_SUBJECT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

class VerilatedContext;

namespace llm4cov {

// A port of the DUT: where its elements lie, `bytes` apart.
struct Port {
    void* datap;
    uint32_t bytes;
};

class Subject {
public:
    virtual ~Subject() = default;
    virtual void eval() = 0;
    virtual bool eventsPending() = 0;
    virtual uint64_t nextTimeSlot() = 0;
    // The coverage counters.
    virtual uint32_t* counters() = 0;
    virtual size_t counterCount() = 0;
    // All that the model remembers, counters included; no bytes where a copy of them is no copy of the model.
    virtual void* memory() = 0;
    virtual size_t memorySize() = 0;
    // In the order of the glue's table.
    virtual const std::vector<Port>& ports() = 0;
};

std::unique_ptr<Subject> makeSubject(VerilatedContext* contextp);

// As in the driver of simulations: how often a time slot may be evaluated anew before it is left as it is.
extern uint32_t settleLimit;
void unsettled();

// Whether a model that is being made registers its coverage points; generated code is made to ask.
extern bool registering;

}  // namespace llm4cov

#endif
