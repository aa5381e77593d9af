#include "bench.h"

#include <cstdio>

namespace {

// As in the driver of simulations.
constexpr uint32_t patientLimit = 10000;
constexpr uint32_t abandonedLimit = 3;
constexpr uint32_t hurriedLimit = 200;
constexpr uint64_t manyUnsettled = 3;

// Time units between the changes of a cycle: inputs, rising clocks, falling clocks, next cycle.
constexpr uint64_t beforeRise = 2;
constexpr uint64_t beforeFall = 5;
constexpr uint64_t beforeNext = 3;
constexpr uint64_t afterReset = 1;

uint64_t* s_unsettledp = nullptr;
bool s_stopped = false;

}  // namespace

uint32_t llm4cov::settleLimit = patientLimit;
bool llm4cov::registering = true;

void llm4cov::unsettled() {
    if (settleLimit == abandonedLimit) return;
    if (s_unsettledp) ++*s_unsettledp;
    settleLimit = abandonedLimit;
}

// A failed assertion ends a simulation, so it ends a trial: no program that runs into one is kept.
void vl_stop(const char*, int, const char*) { s_stopped = true; }

void vl_fatal(const char*, int, const char*, const char*) {
    s_stopped = true;
    throw llm4cov::Ended{};
}

namespace llm4cov {

Bench::Bench(const Setup& setup, int argc, char** argv)
    : m_setup{setup}, m_argc{argc}, m_argv{argv} {
    make();
}

void Bench::make() {
    m_subjectp.reset();
    m_contextp = std::make_unique<VerilatedContext>();
    m_contextp->threads(1);
    m_contextp->commandArgs(m_argc, m_argv);
    m_subjectp = makeSubject(m_contextp.get());
    std::memset(m_subjectp->counters(), 0, 4 * m_subjectp->counterCount());
    connect();
    s_unsettledp = &m_state.unsettled;
    m_timeUnit = 1;
    for (int power = m_contextp->timeprecision(); power < -9; ++power) m_timeUnit *= 10;
}

void Bench::connect() {
    const auto& ports = m_subjectp->ports();
    m_state.driven.clear();
    for (const Lane& lane : m_setup.lanes) {
        Driven driven{};
        const Port& port = ports[lane.port];
        driven.p = static_cast<uint8_t*>(port.datap) + static_cast<size_t>(lane.element) * port.bytes + 8 * lane.word;
        driven.bytes = port.bytes <= 8 ? port.bytes : lane.width > 32 ? 8 : 4;
        m_state.driven.push_back(driven);
    }
    m_clocks.clear();
    for (const Clock& clock : m_setup.clocks) m_clocks.push_back(static_cast<uint8_t*>(ports[clock.port].datap));
    m_resets.clear();
    for (const Reset& reset : m_setup.resets) m_resets.push_back(static_cast<uint8_t*>(ports[reset.port].datap));
    m_outputs.clear();
    for (const uint32_t port : m_setup.outputs) m_outputs.push_back(static_cast<uint8_t*>(ports[port].datap));
}

void Bench::begin() {
    if (m_used) {
        // The points were registered by the first model.
        registering = false;
        make();
    }
    m_used = true;
    m_cycles = 0;
    m_state.time = 0;
    m_state.unsettled = 0;
    start(1);
    for (size_t i = 0; i < m_setup.resets.size(); ++i) *m_resets[i] = !m_setup.resets[i].active;
    s_stopped = false;
    m_contextp->time(0);
    settleLimit = patientLimit;
    m_subjectp->eval();
    slot(beforeNext);
}

void Bench::hurry() {
    if (m_state.unsettled < manyUnsettled) m_state.unsettled = manyUnsettled;
}

void Bench::save() {
    const auto* const p = static_cast<const uint8_t*>(m_subjectp->memory());
    m_memory.assign(p, p + m_subjectp->memorySize());
    m_saved = m_state;
}

void Bench::restore() {
    std::memcpy(m_subjectp->memory(), m_memory.data(), m_memory.size());
    m_state = m_saved;
    m_contextp->time(m_state.time * m_timeUnit);
    m_contextp->gotFinish(false);
    m_contextp->gotError(false);
    s_stopped = false;
}

// Lets time pass, with whatever the DUT itself has planned for it, then evaluates.
void Bench::slot(uint64_t later) {
    m_state.time += later;
    const uint64_t until = m_state.time * m_timeUnit;
    while (m_subjectp->eventsPending() && m_subjectp->nextTimeSlot() < until) {
        m_contextp->time(m_subjectp->nextTimeSlot());
        settleLimit = m_state.unsettled < manyUnsettled ? patientLimit : hurriedLimit;
        m_subjectp->eval();
    }
    m_contextp->time(until);
}

// Inputs that answer to outputs see what a reset has made of them.
void Bench::settle() {
    if (m_resets.empty()) return;
    slot(afterReset);
    settleLimit = m_state.unsettled < manyUnsettled ? patientLimit : hurriedLimit;
    m_subjectp->eval();
}

void Bench::tick() {
    const auto evaluate = [this] {
        settleLimit = m_state.unsettled < manyUnsettled ? patientLimit : hurriedLimit;
        m_subjectp->eval();
    };
    change();
    evaluate();
    if (!m_clocks.empty()) {
        slot(beforeRise);
        for (size_t i = 0; i < m_clocks.size(); ++i) {
            const uint32_t divisor = m_state.divisors[i];
            *m_clocks[i] = divisor && m_state.ticks % divisor == m_state.phases[i];
        }
        evaluate();
        slot(beforeFall);
        for (uint8_t* const clock : m_clocks) *clock = 0;
        evaluate();
        slot(beforeNext);
    } else {
        slot(beforeRise + beforeFall + beforeNext);
    }
    ++m_state.ticks;
    ++m_cycles;
    if (s_stopped || m_contextp->gotFinish()) throw Ended{};
    if (m_hook) m_hook(m_hookDatap);
}

uint32_t Bench::draw() {
    uint32_t& x = m_state.random;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x;
}

uint64_t Bench::bits(uint32_t width) {
    if (width <= 32) return draw();
    const uint64_t high = draw();
    return high << 32 | draw();
}

uint64_t Bench::picked(const std::vector<uint64_t>& values, uint64_t otherwise, uint64_t at) {
    return values.empty() ? otherwise : values[at % values.size()];
}

uint64_t Bench::next(uint32_t index) {
    Driven& driven = m_state.driven[index];
    const Lane& lane = m_setup.lanes[index];
    const uint32_t width = lane.width;
    const uint32_t count = driven.count ? static_cast<uint32_t>(driven.count) : 1;
    const uint64_t now = driven.now;
    const uint32_t age = driven.age++;
    switch (driven.mode) {
    case Mode::HOLD: return driven.value;
    case Mode::RANDOM: return bits(width);
    case Mode::SLOW: return draw() % count == 0 ? bits(width) : now;
    case Mode::BIASED: return (draw() & 255) < count;
    case Mode::SPARSE: {
        const uint64_t one = bits(width);
        return one & bits(width);
    }
    case Mode::DENSE: {
        const uint64_t one = bits(width);
        return one | bits(width);
    }
    case Mode::ONE_HOT: return 1ULL << (draw() % width);
    case Mode::RAMP: return now + driven.value;
    case Mode::FLIP: return now ^ 1ULL << (draw() % width);
    case Mode::PULSE: return age % count == count - 1 ? driven.value : ~driven.value;
    case Mode::TOGGLE: return age % count == 0 ? ~now : now;
    case Mode::LISTED: return draw() % count == 0 ? picked(lane.values, now, draw()) : bits(width);
    case Mode::SEQUENCE: return picked(lane.values, now, age / count);
    case Mode::FIELDS: {
        if (draw() % count != 0) return now;
        uint64_t word = bits(width);
        for (const Field& field : lane.fields) {
            if (field.values.empty() || !(draw() & 1)) continue;
            const uint64_t mask = (field.width >= 64 ? ~0ULL : (1ULL << field.width) - 1) << field.low;
            word = (word & ~mask) | (picked(field.values, 0, draw()) << field.low & mask);
        }
        return word;
    }
    case Mode::SERIAL: {
        // A frame: start bit, eight data bits, two stop bits, `count` cycles each.
        if (age % count != 0) return now;
        const uint32_t place = age / count % 11;
        return place == 0 ? 0 : place < 9 ? draw() : 1;
    }
    case Mode::FOLLOW: return output(driven.value);
    case Mode::ANSWER: return output(driven.value) && draw() % count == 0;
    case Mode::SAME: return m_state.driven[driven.value].now;
    case Mode::NEAR: return m_state.driven[driven.value].now + draw() % 3 - 1;
    case Mode::UNTIL:
        if (now & 1) return !output(driven.value);
        return draw() % count == 0;
    case Mode::WORDS: {
        uint64_t word = bits(width);
        const uint32_t pick = draw();
        if (pick & 1) word &= bits(width);
        if (lane.words.empty()) return word;
        const Word& known = lane.words[(driven.value + (pick >> 3) % count) % lane.words.size()];
        word = (word & ~known.mask) | known.value;
        if (pick & 6) return word;
        // What one stage decodes may leave to another what that decodes.
        const Word& more = lane.words[draw() % lane.words.size()];
        return known.mask & more.mask ? word : (word & ~more.mask) | more.value;
    }
    case Mode::SCRIPT: {
        if (age % count != 0) return now;
        const uint64_t word = bits(width);
        if (lane.script.empty()) return word;
        const Word& known = lane.script[(driven.value + age / count) % lane.script.size()];
        return (word & ~known.mask) | known.value;
    }
    case Mode::LATER:
        driven.age = age << 1 | output(driven.value);
        return driven.age >> (count & 31) & 1;
    default: return now;
    }
}

void Bench::change() {
    for (uint32_t i = 0; i < m_state.driven.size(); ++i) {
        const uint64_t value = next(i) & m_setup.lanes[i].mask();
        Driven& driven = m_state.driven[i];
        driven.now = value;
        switch (driven.bytes) {
        case 1: *driven.p = static_cast<uint8_t>(value); break;
        case 2: std::memcpy(driven.p, &value, 2); break;
        case 4: std::memcpy(driven.p, &value, 4); break;
        default: std::memcpy(driven.p, &value, 8); break;
        }
    }
}

void Bench::drive(uint32_t lane, Mode mode, uint64_t value, uint64_t count) {
    Driven& driven = m_state.driven[lane];
    driven.mode = mode;
    driven.value = value;
    driven.count = count;
    driven.age = 0;
}

void Bench::remember() {
    m_observed.clear();
    for (const auto& [port, bytes] : m_setup.observed) {
        const auto* const p = static_cast<const uint8_t*>(m_subjectp->ports()[port].datap);
        m_observed.insert(m_observed.end(), p, p + bytes);
    }
}

bool Bench::changed() const {
    size_t at = 0;
    for (const auto& [port, bytes] : m_setup.observed) {
        if (std::memcmp(m_subjectp->ports()[port].datap, m_observed.data() + at, bytes) != 0) return true;
        at += bytes;
    }
    return false;
}

void Bench::access(const Operation& operation) {
    const Bus& bus = m_setup.buses[operation.which];
    for (const Step& step : operation.how ? bus.write : bus.read) {
        for (const auto& [lane, given] : step.drives) {
            const uint64_t value = given == Given::ZERO ? 0 : given == Given::ONES ? ~0ULL
                : given == Given::ADDRESS ? operation.value : operation.count;
            drive(lane, Mode::HOLD, value & m_setup.lanes[lane].mask(), 0);
        }
        uint64_t waited = 0;
        do tick(); while (step.until >= 0 && ++waited < busPatience && !output(step.until));
    }
}

void Bench::start(uint64_t seed) {
    m_state.random = static_cast<uint32_t>(seed);
    m_state.ticks = 0;
    for (uint32_t i = 0; i < m_state.driven.size(); ++i) {
        drive(i, Mode::HOLD, m_setup.lanes[i].idle, 0);
        m_state.driven[i].now = m_setup.lanes[i].idle;
    }
    m_state.divisors.assign(m_setup.clocks.size(), 1);
    m_state.phases.assign(m_setup.clocks.size(), 0);
}

void Bench::perform(const Operation& operation) {
    switch (operation.code) {
    case Code::START: start(operation.value); break;
    case Code::DRIVE:
        drive(operation.which, static_cast<Mode>(operation.how), operation.value, operation.count);
        break;
    case Code::SEED: m_state.random = static_cast<uint32_t>(operation.value); break;
    case Code::CLOCK:
        m_state.divisors[operation.which] = operation.how;
        m_state.phases[operation.which] = static_cast<uint32_t>(operation.value);
        break;
    case Code::RESET:
        for (size_t i = 0; i < m_resets.size(); ++i) {
            if (operation.which >> i & 1) *m_resets[i] = m_setup.resets[i].active;
        }
        settle();
        for (uint64_t i = 0; i < operation.count; ++i) tick();
        for (size_t i = 0; i < m_resets.size(); ++i) *m_resets[i] = !m_setup.resets[i].active;
        settle();
        break;
    case Code::RUN:
        for (uint64_t i = 0; i < operation.count; ++i) tick();
        break;
    case Code::UNTIL:
        for (uint64_t i = 0; i < operation.count; ++i) {
            tick();
            if (output(operation.which)) break;
        }
        break;
    case Code::WAIT:
        remember();
        for (uint64_t i = 0; i < operation.count; ++i) {
            tick();
            if (changed()) break;
        }
        break;
    case Code::ACCESS: access(operation); break;
    }
}

bool Bench::run(const Program& program) {
    try {
        for (const Operation& operation : program) perform(operation);
    } catch (const Ended&) {
        return false;
    }
    return true;
}

}  // namespace llm4cov
