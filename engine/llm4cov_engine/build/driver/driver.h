// What the prebuilt driver asks of a verilated model. The generated glue (simulator/glue.py) implements it once per
// build, so that the driver itself is compiled once per machine.

#ifndef LLM4COV_DRIVER_H_
#define LLM4COV_DRIVER_H_

#include <cstddef>
#include <cstdint>

class VerilatedContext;

namespace llm4cov {

class Model {
public:
    virtual ~Model() = default;
    virtual void eval() = 0;
    virtual bool eventsPending() = 0;
    virtual uint64_t nextTimeSlot() = 0;
    virtual void final() = 0;
};

// Never deleted, as the end of the process is the end of the model. A plain pointer: every round compiles this.
Model* makeModel(VerilatedContext* contextp);

// Counters that belong to an instance ("" for all of a model). When there are any, the end of the run writes them as
// they are, instead of the coverage that was registered with the runtime. They are zeroed now.
void keepCounters(const char* scope, uint32_t* countersp, size_t size);

// The instance with these counters is about to be evaluated for the first time.
void beginSettling(const uint32_t* countersp);

// All that these counters counted since then was with inputs that had not come to rest. What is not counted again is
// in doubt, and the end of the run says for how many counters that is so.
void doubtCounters(const uint32_t* countersp);

// How often the regions of a time slot may be evaluated anew before the model gives up on their coming to rest.
// Generated code is made to compare with it instead of with a constant.
extern uint32_t settleLimit;

// The model gave up on this time slot; generated code is made to call this instead of ending the simulation.
void unsettled();

}  // namespace llm4cov

#endif
