#include "drawing.h"

#include <algorithm>

namespace llm4cov {

namespace {

constexpr uint64_t longestProgram = 200;  // operations that take time

void drive(Program& program, uint32_t lane, Mode mode, uint64_t value = 0, uint64_t count = 0) {
    program.push_back({Code::DRIVE, lane, static_cast<uint32_t>(mode), value, count});
}

void run(Program& program, uint64_t cycles) { program.push_back({Code::RUN, 0, 0, 0, cycles}); }

}  // namespace

uint64_t lengthOf(const Program& program) {
    uint64_t cycles = 0;
    for (const Operation& each : program) {
        if (passesTime(each.code)) cycles += each.count;
        if (each.code == Code::ACCESS) cycles += 4;
    }
    return cycles;
}

uint64_t Drawing::draw() {
    uint64_t z = m_state += 0x9e3779b97f4a7c15ULL;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
}

uint64_t Drawing::below(uint64_t bound) { return draw() % bound; }

// A value worth holding: one the RTL compares with, a corner, a small one, any.
uint64_t Drawing::number(const Lane& lane) {
    const uint64_t mask = lane.mask();
    if (!lane.values.empty() && chance(60)) return lane.values[below(lane.values.size())];
    switch (below(8)) {
    case 0: return 0;
    case 1: return mask;
    case 2: return mask >> 1;
    case 3: return 1ULL << below(lane.width);
    case 4: return mask & ~(1ULL << below(lane.width));
    case 5: return below(std::min<uint64_t>(mask, 15) + 1);
    default: return draw() & mask;
    }
}

uint64_t Drawing::lengthOf(Span span) {
    switch (span) {
    case Span::SHORT: return 1 + below(1ULL << (2 + below(5)));
    case Span::MEDIUM: return 20 + below(1ULL << (5 + below(5)));
    case Span::LONG: return 500 + below(5000);
    default: return m_longest - below(m_longest / 8 + 1);
    }
}

uint64_t Drawing::period() {
    if (chance(30)) return m_pace << below(2);
    if (!m_setup.periods.empty() && chance(35)) {
        const uint64_t mined = m_setup.periods[below(m_setup.periods.size())];
        return std::max<uint64_t>(1, mined + below(3) - (mined > 1));
    }
    return 1 + below(1ULL << (1 + below(7)));
}

void Drawing::reset(Program& program, uint32_t percent) {
    const uint32_t all = (1U << std::min<size_t>(31, m_setup.resets.size())) - 1;
    if (all == 0 || !chance(percent)) return;
    const uint32_t mask = chance(80) ? all : 1 + static_cast<uint32_t>(below(all));
    program.push_back({Code::RESET, mask, 0, 0, 1 + below(4)});
}

void Drawing::clocks(Program& program) {
    if (m_setup.clocks.size() < 2) return;
    const bool same = chance(30);
    for (uint32_t i = 0; i < m_setup.clocks.size(); ++i) {
        static constexpr uint32_t divisors[] = {1, 1, 1, 2, 2, 3, 3, 4, 5, 7, 8, 11, 16, 0};
        const uint32_t divisor = same ? 1 : divisors[below(std::size(divisors) - !chance(30))];
        program.push_back({Code::CLOCK, i, divisor, divisor ? below(divisor) : 0, 0});
    }
}

bool Drawing::script(Program& program, uint32_t lane) {
    const Lane& each = m_setup.lanes[lane];
    if (each.script.empty() || !chance(45)) return false;
    // Bits that a clock among the inputs takes come one in each of its periods.
    const uint64_t every = chance(40) ? 1 : m_pace << chance(60);
    drive(program, lane, Mode::SCRIPT, chance(50) ? 0 : below(each.script.size()), every);
    return true;
}

void Drawing::control(Program& program, uint32_t lane, bool calm) {
    const Lane& each = m_setup.lanes[lane];
    const auto hold = [&](uint64_t value) { drive(program, lane, Mode::HOLD, value); };
    if (script(program, lane)) return;
    if (each.serial && chance(60)) return drive(program, lane, Mode::SERIAL, 0, period());
    if (each.rare && chance(60)) {
        if (chance(70)) return hold(each.idle);
        if (each.idle == 0) return drive(program, lane, Mode::BIASED, 0, 1 + below(8));
    }
    const bool paired = !each.partners.empty() && chance(45);
    if (paired || (!m_setup.outputs.empty() && chance(calm ? 10 : 18))) {
        uint64_t output = below(m_setup.outputs.size());
        if (paired) output = each.partners[chance(65) ? 0 : below(each.partners.size())];
        switch (below(4)) {
        case 0: return drive(program, lane, Mode::FOLLOW, output);
        case 1: return drive(program, lane, Mode::ANSWER, output, 1 + below(4));
        case 2: return drive(program, lane, Mode::LATER, output, 1 + below(2) + below(2) * below(6));
        default: return drive(program, lane, Mode::UNTIL, output, 1 + below(8));
        }
    }
    if (calm) {
        switch (below(10)) {
        case 0: case 1: case 2: return hold(each.idle);
        case 3: case 4: case 5: case 6: return hold(!each.idle);
        case 7: return drive(program, lane, Mode::PULSE, !each.idle, period());
        case 8: return drive(program, lane, Mode::BIASED, 0, 1 + below(4));
        default: return drive(program, lane, Mode::BIASED, 0, 252 + below(4));
        }
    }
    switch (below(14)) {
    case 0: case 1: return hold(each.idle);
    case 2: case 3: return hold(!each.idle);
    case 4: case 5: case 6: return drive(program, lane, Mode::RANDOM);
    case 7: case 8: return drive(program, lane, Mode::BIASED, 0, 1 + below(64));
    case 9: case 10: return drive(program, lane, Mode::BIASED, 0, 192 + below(63));
    case 11: return drive(program, lane, Mode::SLOW, 0, period());
    case 12: return drive(program, lane, Mode::PULSE, !each.idle, period());
    default: return drive(program, lane, Mode::TOGGLE, 0, period());
    }
}

void Drawing::vector(Program& program, uint32_t lane, bool calm) {
    const Lane& each = m_setup.lanes[lane];
    if (script(program, lane)) return;
    if (!each.words.empty() && chance(70)) {
        // Some of the words make longer ways than all of them: one may end what the others do.
        const uint64_t all = each.words.size();
        if (chance(35)) return drive(program, lane, Mode::WORDS, 0, all);
        return drive(program, lane, Mode::WORDS, below(all), 1 + below(chance(50) ? all : 8));
    }
    if (!each.fields.empty() && chance(40)) return drive(program, lane, Mode::FIELDS, 0, 1 + below(calm ? 16 : 3));
    if (!each.values.empty() && chance(45)) {
        if (chance(30)) return drive(program, lane, Mode::HOLD, number(each));
        if (chance(25)) return drive(program, lane, Mode::SEQUENCE, 0, 1 + below(4));
        return drive(program, lane, Mode::LISTED, 0, 1 + below(3) * below(2));
    }
    if (m_setup.lanes.size() > 1 && chance(12)) {
        const uint64_t other = below(m_setup.lanes.size());
        if (other != lane && m_setup.lanes[other].width == each.width) {
            return drive(program, lane, chance(50) ? Mode::SAME : Mode::NEAR, other);
        }
    }
    switch (below(calm ? 8 : 16)) {
    case 0: case 1: case 2: return drive(program, lane, Mode::HOLD, number(each));
    case 3: case 4: return drive(program, lane, Mode::SLOW, 0, period());
    case 5: return drive(program, lane, Mode::RAMP, chance(60) ? 1 : chance(50) ? each.mask() : number(each));
    case 6: return drive(program, lane, Mode::FLIP);
    case 7: return drive(program, lane, Mode::TOGGLE, 0, period());
    case 8: return drive(program, lane, Mode::ONE_HOT);
    case 9: return drive(program, lane, Mode::SPARSE);
    case 10: return drive(program, lane, Mode::DENSE);
    default: return drive(program, lane, Mode::RANDOM);
    }
}

void Drawing::shape(Program& program, uint32_t lane, bool calm) {
    if (m_setup.lanes[lane].width == 1) control(program, lane, calm);
    else vector(program, lane, calm);
}

void Drawing::shapes(Program& program, bool calm, uint32_t percent) {
    int32_t group = -1;
    for (uint32_t lane = 0; lane < m_setup.lanes.size(); ++lane) {
        const Lane& each = m_setup.lanes[lane];
        // What belongs together is mostly driven in one way.
        const bool follows = each.group == group && lane > 0 && chance(75)
            && program.back().code == Code::DRIVE && m_setup.lanes[lane - 1].width == each.width;
        group = each.group;
        if (follows && program.back().which == lane - 1) {
            Operation same = program.back();
            same.which = lane;
            program.push_back(same);
        } else if (chance(each.words.empty() ? percent : std::max<uint32_t>(percent, 80))) {
            shape(program, lane, calm);
        }
    }
}

void Drawing::handshakes(Program& program) {
    std::vector<uint32_t> controls;
    for (uint32_t lane = 0; lane < m_setup.lanes.size(); ++lane) {
        if (m_setup.lanes[lane].width == 1) controls.push_back(lane);
    }
    if (controls.empty() || m_setup.observed.empty()) return;
    const uint32_t lane = controls[below(controls.size())];
    const uint64_t idle = m_setup.lanes[lane].idle;
    for (uint64_t i = 1 + below(5); i > 0; --i) {
        for (uint32_t other = 0; other < m_setup.lanes.size(); ++other) {
            const Lane& each = m_setup.lanes[other];
            if (each.width > 1 && chance(60)) drive(program, other, Mode::HOLD, number(each));
        }
        drive(program, lane, Mode::HOLD, !idle);
        run(program, 1);
        drive(program, lane, Mode::HOLD, idle);
        if (!m_setup.outputs.empty() && chance(40)) {
            program.push_back(
                {Code::UNTIL, static_cast<uint32_t>(below(m_setup.outputs.size())), 0, 0, 4ULL << below(6)});
        } else {
            program.push_back({Code::WAIT, 0, 0, 0, 4ULL << below(7)});
        }
    }
}

void Drawing::accesses(Program& program, uint64_t cycles) {
    const uint32_t which = static_cast<uint32_t>(below(m_setup.buses.size()));
    const Bus& bus = m_setup.buses[which];
    const Lane& address = m_setup.lanes[bus.address];
    const Lane& data = m_setup.lanes[bus.data];
    const uint64_t scale = 1ULL << below(3);
    uint64_t base = number(address);
    for (uint64_t i = 1 + below(std::min<uint64_t>(24, 1 + cycles / 4)); i > 0; --i) {
        if (chance(55)) base = number(address);
        else if (chance(50)) base = below(16) * scale;
        else base += scale;
        const bool writes = bus.read.empty() || chance(65);
        program.push_back({Code::ACCESS, which, writes, base & address.mask(), number(data) & data.mask()});
        if (chance(20)) run(program, 1 + below(1ULL << below(9)));
    }
}

void Drawing::segment(Program& program, Span span) {
    const bool calm = span >= Span::LONG ? chance(75) : chance(30);
    shapes(program, calm, 45);
    if (chance(25)) program.push_back({Code::SEED, 0, 0, 1 + below(0xffffffffULL), 0});
    const uint64_t length = lengthOf(span);
    if (span <= Span::MEDIUM && !m_setup.buses.empty() && chance(45)) {
        accesses(program, length);
        run(program, 1 + below(length));
    } else if (span <= Span::MEDIUM && chance(18)) {
        handshakes(program);
        run(program, 1 + below(8));
    } else {
        if (span >= Span::LONG && !m_setup.buses.empty() && chance(50)) accesses(program, 32);
        run(program, length);
    }
}

Program Drawing::fresh(Span span) {
    Program program{{Code::START, 0, 0, 1 + below(0xffffffffULL), 0}};
    m_pace = 1 + below(1ULL << (1 + below(4)));
    clocks(program);
    // Now and then most inputs are left alone, so that the others come to something.
    shapes(program, chance(40), chance(70) ? 100 : 15 + static_cast<uint32_t>(below(65)));
    reset(program, 92);
    const uint64_t count = span == Span::SHORT ? 1 + below(5) : span == Span::MEDIUM ? 1 + below(4) : 1 + below(2);
    for (uint64_t i = 0; i < count; ++i) {
        // A marathon may begin with something short that starts what is to run for long.
        segment(program, span >= Span::LONG && i + 1 < count ? Span::SHORT : span);
        reset(program, 8);
    }
    if (passesTime(program.back().code) && program.back().code == Code::RESET) run(program, 1 + below(20));
    return program;
}

void Drawing::change(Program& program, const std::vector<Program>& corpus) {
    const auto place = [&](Code code) -> size_t {
        std::vector<size_t> found;
        for (size_t i = 0; i < program.size(); ++i) {
            if (program[i].code == code) found.push_back(i);
        }
        return found.empty() ? program.size() : found[below(found.size())];
    };
    switch (below(9)) {
    case 0: case 1: {  // other random values
        const size_t at = place(chance(70) ? Code::START : Code::SEED);
        if (at < program.size()) program[at].value = 1 + below(0xffffffffULL);
        break;
    }
    case 2: case 3: {  // one input otherwise
        const size_t at = place(Code::DRIVE);
        if (at == program.size()) break;
        Program other;
        shape(other, program[at].which, chance(40));
        if (!other.empty()) program[at] = other.back();
        break;
    }
    case 4: {  // longer, or shorter
        const size_t at = place(Code::RUN);
        if (at == program.size()) break;
        program[at].count = std::min(m_longest, 1 + program[at].count * (1 + below(24)) / 4);
        break;
    }
    case 5: segment(program, chance(60) ? Span::SHORT : Span::MEDIUM); break;
    case 6: {  // reset in between, or not
        const size_t at = place(Code::RUN);
        if (at == program.size()) break;
        Program other;
        reset(other, 100);
        program.insert(program.begin() + static_cast<long>(at), other.begin(), other.end());
        break;
    }
    case 7: {  // one after the other
        const Program& tail = corpus[below(corpus.size())];
        program.insert(program.end(), tail.begin(), tail.end());
        break;
    }
    default: {  // another access
        const size_t at = place(Code::ACCESS);
        if (at == program.size()) break;
        const Bus& bus = m_setup.buses[program[at].which];
        if (chance(50)) program[at].value = number(m_setup.lanes[bus.address]);
        else program[at].count = number(m_setup.lanes[bus.data]);
        break;
    }
    }
}

Program Drawing::changed(const std::vector<Program>& corpus) {
    // What came last is what nothing has been tried around yet.
    const size_t recent = std::min<size_t>(corpus.size(), 12);
    const size_t at = chance(60) ? corpus.size() - 1 - below(recent) : below(corpus.size());
    Program program = corpus[at];
    for (uint64_t i = 1 + below(3); i > 0; --i) change(program, corpus);
    size_t timed = 0;
    for (size_t i = 0; i < program.size(); ++i) {
        if (passesTime(program[i].code) && ++timed > longestProgram) {
            program.resize(i);
            break;
        }
    }
    if (program.empty() || !passesTime(program.back().code)) run(program, 1 + below(16));
    return program;
}

}  // namespace llm4cov
