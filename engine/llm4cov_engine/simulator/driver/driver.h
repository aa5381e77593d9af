// What the prebuilt driver asks of a verilated model. The generated glue (see building.py) implements it once per
// build, so that the driver itself is compiled once per machine.

#ifndef LLM4COV_DRIVER_H_
#define LLM4COV_DRIVER_H_

#include <cstdint>
#include <memory>

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

std::unique_ptr<Model> makeModel(VerilatedContext* contextp);

}  // namespace llm4cov

#endif
