// The program of the search: reads a command file, runs trials on the DUT and writes what they brought.
//
//   search FOLDER
//
// FOLDER/commands says what the DUT's inputs are and what to do (see driver.py for the lines); answers are lines of
// FOLDER/answers. The coverage of a chain is written as FOLDER/coverage.dat.

#include "drawing.h"

#include <verilated_cov.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>
#include <string>

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace llm4cov {
namespace {

// Bytes that are copied in the time of a cycle, about.
constexpr uint64_t bytesPerCycle = 1000;

template <class T>
T read(std::istream& in) {
    T value{};
    in >> value;
    return value;
}

template <class T>
std::vector<T> readMany(std::istream& in) {
    std::vector<T> found(read<size_t>(in));
    for (T& each : found) in >> each;
    return found;
}

Lane readLane(std::istream& in) {
    Lane lane;
    in >> lane.port >> lane.element >> lane.word >> lane.width >> lane.idle >> lane.serial >> lane.group;
    lane.values = readMany<uint64_t>(in);
    for (size_t left = read<size_t>(in); left > 0; --left) {
        Field field;
        in >> field.low >> field.width;
        field.values = readMany<uint64_t>(in);
        lane.fields.push_back(std::move(field));
    }
    for (std::vector<Word>* const wordsp : {&lane.words, &lane.script}) {
        for (size_t left = read<size_t>(in); left > 0; --left) {
            Word word;
            in >> word.mask >> word.value;
            wordsp->push_back(word);
        }
    }
    lane.partners = readMany<uint32_t>(in);
    in >> lane.rare;
    return lane;
}

std::vector<Step> readSteps(std::istream& in) {
    std::vector<Step> steps(read<size_t>(in));
    for (Step& step : steps) {
        in >> step.until;
        for (size_t left = read<size_t>(in); left > 0; --left) {
            const uint32_t lane = read<uint32_t>(in);
            step.drives.emplace_back(lane, static_cast<Given>(read<uint32_t>(in)));
        }
    }
    return steps;
}

class Search {
public:
    Search(std::string folder, int argc, char** argv)
        : m_folder{std::move(folder)}, m_argc{argc}, m_argv{argv}, m_answers{m_folder + "/answers"} {}

    void obey() {
        std::ifstream in{m_folder + "/commands"};
        for (std::string line; std::getline(in, line);) {
            std::istringstream words{line};
            obey(read<std::string>(words), words);
        }
        m_answers << "end" << std::endl;
    }

private:
    void obey(const std::string& word, std::istream& in) {
        if (word == "lane") m_setup.lanes.push_back(readLane(in));
        else if (word == "clock") m_setup.clocks.push_back({read<uint32_t>(in)});
        else if (word == "reset") {
            const uint32_t port = read<uint32_t>(in);
            m_setup.resets.push_back({port, static_cast<uint8_t>(read<int>(in))});
        } else if (word == "output") m_setup.outputs.push_back(read<uint32_t>(in));
        else if (word == "observed") {
            const uint32_t port = read<uint32_t>(in);
            m_setup.observed.emplace_back(port, read<uint32_t>(in));
        } else if (word == "bus") {
            Bus bus;
            in >> bus.address >> bus.data;
            bus.write = readSteps(in);
            bus.read = readSteps(in);
            m_setup.buses.push_back(std::move(bus));
        } else if (word == "periods") m_setup.periods = readMany<uint32_t>(in);
        else if (word == "known") m_known = readMany<uint32_t>(in);
        else if (word == "prefix") m_prefix.push_back(readProgram(in));
        else if (word == "program") m_programs.push_back(readProgram(in));
        else if (word == "points") points();
        else if (word == "explore") explore(in);
        else if (word == "chain") chain(in);
        else if (word == "reduce") reduce(in);
    }

    // Writes which counter backs which point: each counter's value is its number plus one.
    void points() {
        Bench bench{m_setup, m_argc, m_argv};
        bench.begin();
        uint32_t* const counters = bench.subject().counters();
        for (size_t i = 0; i < bench.subject().counterCount(); ++i) counters[i] = static_cast<uint32_t>(i + 1);
        write(bench, "points.dat");
        m_answers << "points " << bench.subject().counterCount() << ' ' << bench.canSave() << '\n';
    }

    void write(Bench& bench, const std::string& name) {
        bench.context().coveragep()->forcePerInstance(true);
        bench.context().coveragep()->write(m_folder + "/" + name);
    }

    // A hexadecimal digit for every four counters, the first counter in the lowest bit of the first digit.
    static std::string hits(const uint32_t* counters, size_t count) {
        std::string digits((count + 3) / 4, '0');
        for (size_t digit = 0; digit < digits.size(); ++digit) {
            int value = 0;
            for (size_t bit = 0; bit < 4 && 4 * digit + bit < count; ++bit) {
                value |= (counters[4 * digit + bit] != 0) << bit;
            }
            digits[digit] = "0123456789abcdef"[value];
        }
        return digits;
    }

    // The beginning of a simulation, and what is to happen before anything else.
    void begin(Bench& bench) {
        bench.begin();
        for (const Program& each : m_prefix) bench.run(each);
    }

    // Random programs, and changes of what brought something, until so many cycles are spent.
    void explore(std::istream& in) {
        const uint64_t seed = read<uint64_t>(in);
        const uint64_t budget = read<uint64_t>(in);
        const uint64_t longest = read<uint64_t>(in);
        uint64_t overhead = read<uint64_t>(in);    // cycles that a trial costs besides its own
        const uint64_t marathons = read<uint64_t>(in);  // per cent of the cycles for the longest trials
        const double limit = read<double>(in);          // seconds of the processor, whatever has been done by then
        Bench bench{m_setup, m_argc, m_argv};
        // A large state takes its time to be restored.
        overhead += bench.subject().memorySize() / bytesPerCycle;
        Drawing drawing{m_setup, seed, longest};
        std::vector<Program> corpus = m_programs;
        begin(bench);
        bench.hurry();
        if (bench.canSave()) bench.save();
        const size_t count = bench.subject().counterCount();
        std::vector<uint8_t> known(count);
        for (const uint32_t each : m_known) known[each] = 1;
        uint64_t spent[static_cast<size_t>(Span::COUNT_)] = {};
        const uint64_t rest = 100 - marathons;
        const uint64_t shares[] = {rest * 4 / 11, rest * 4 / 11, rest * 3 / 11, marathons};
        uint64_t total = 0;
        uint64_t trials = 0;
        bool cut = false;
        while (total < budget) {
            if (used() > limit) {
                cut = true;
                break;
            }
            Program program;
            Span span = Span::SHORT;
            if (!corpus.empty() && drawing.chance(45)) {
                program = drawing.changed(corpus);
            } else {
                for (size_t i = 1; i < std::size(shares); ++i) {
                    if (spent[i] * shares[static_cast<size_t>(span)] < spent[static_cast<size_t>(span)] * shares[i]) {
                        span = static_cast<Span>(i);
                    }
                }
                if (span == Span::MARATHON && (total + longest) * 2 > budget * 3) span = Span::SHORT;
                program = drawing.fresh(span);
                spent[static_cast<size_t>(span)] += lengthOf(program) + overhead;
            }
            if (total + lengthOf(program) > budget + longest) {
                total += overhead + 1;
                continue;
            }
            if (bench.canSave()) bench.restore();
            else {
                begin(bench);
                bench.hurry();
            }
            const uint64_t before = bench.canSave() ? bench.cycles() : 0;
            const bool ended = !bench.run(program);
            total += bench.cycles() - before + overhead;
            ++trials;
            // A testbench must not run into what ends the simulation.
            if (ended) continue;
            const uint32_t* const counters = bench.subject().counters();
            bool brings = false;
            for (size_t i = 0; i < count; ++i) brings |= counters[i] && !known[i];
            if (!brings) continue;
            m_answers << "win ";
            llm4cov::write(m_answers, program);
            m_answers << ' ' << hits(counters, count) << std::endl;
            for (size_t i = 0; i < count; ++i) known[i] |= counters[i] != 0;
            corpus.push_back(std::move(program));
        }
        m_answers << "explored " << cut << ' ' << trials << ' ' << total << std::endl;
        spend();
    }

    // Seconds of the processor that this process has used.
    static double used() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }
    void spend() { m_answers << "spent " << used() << std::endl; }

    struct Watch {
        Bench* benchp;
        std::vector<uint32_t> left;
        std::vector<std::pair<uint32_t, uint64_t>> found;
        uint64_t began;
    };

    static void look(void* datap) {
        Watch& watch = *static_cast<Watch*>(datap);
        const uint32_t* const counters = watch.benchp->subject().counters();
        size_t kept = 0;
        for (const uint32_t each : watch.left) {
            if (counters[each]) watch.found.emplace_back(each, watch.benchp->cycles() - watch.began);
            else watch.left[kept++] = each;
        }
        watch.left.resize(kept);
    }

    // Runs the programs one after the other, as a testbench does, and tells for each which counters it was the first
    // to hit, and after how many of its cycles.
    void chain(std::istream& in) {
        const bool traced = read<int>(in);
        Bench bench{m_setup, m_argc, m_argv};
        bench.begin();
        const size_t count = bench.subject().counterCount();
        Watch watch{&bench, {}, {}, 0};
        for (size_t i = 0; i < count; ++i) watch.left.push_back(static_cast<uint32_t>(i));
        if (traced) {
            look(&watch);  // what time 0 hits
            bench.watch(&look, &watch);
        }
        for (size_t i = 0; i < m_programs.size(); ++i) {
            watch.began = bench.cycles();
            const bool whole = bench.run(m_programs[i]);
            look(&watch);
            m_answers << "ran " << i << ' ' << whole << ' ' << bench.cycles() - watch.began << ' '
                      << watch.found.size();
            for (const auto& [counter, cycle] : watch.found) m_answers << ' ' << counter << ' ' << cycle;
            m_answers << std::endl;
            watch.found.clear();
            if (!whole) break;
        }
        write(bench, "coverage.dat");
    }

    // Makes the programs of a chain shorter, one after the other, so that each still hits what it was the first to
    // hit; those that hit nothing new are left out.
    void reduce(std::istream& in) {
        const uint64_t budget = read<uint64_t>(in);
        const double limit = read<double>(in);
        Bench bench{m_setup, m_argc, m_argv};
        begin(bench);
        const uint64_t overhead = 20 + bench.subject().memorySize() / bytesPerCycle;
        const size_t count = bench.subject().counterCount();
        std::vector<uint8_t> known(count);
        for (size_t i = 0; i < count && !m_prefix.empty(); ++i) known[i] = bench.subject().counters()[i] != 0;
        if (!bench.canSave()) m_programs.clear();
        uint64_t spent = 0;
        size_t done = 0;
        for (const Program& each : m_programs) {
            // Every program gets its share of what the others have left.
            const uint64_t share = spent + (budget > spent ? budget - spent : 0) / (m_programs.size() - done++);
            bench.save();
            const auto hits = [&](const Program& program, const std::vector<uint32_t>& wanted) {
                bench.restore();
                const uint64_t before = bench.cycles();
                const bool whole = bench.run(program);
                spent += bench.cycles() - before + overhead;
                const uint32_t* const counters = bench.subject().counters();
                for (const uint32_t one : wanted) {
                    if (!counters[one]) return false;
                }
                return whole;
            };
            hits(each, {});
            std::vector<uint32_t> wanted;
            for (size_t i = 0; i < count; ++i) {
                if (bench.subject().counters()[i] && !known[i]) wanted.push_back(static_cast<uint32_t>(i));
            }
            Program best = each;
            if (wanted.empty()) {
                bench.restore();
                continue;
            }
            const auto attempt = [&](const Program& program) {
                if (spent > share || used() > limit || !hits(program, wanted)) return false;
                best = program;
                return true;
            };
            // From the end: whole stretches, then single operations, then cycles.
            for (size_t size = best.size() / 2; size > 0; size /= 2) {
                for (size_t end = best.size(); end > 1;) {
                    const size_t begin = end > size ? std::max<size_t>(1, end - size) : 1;
                    Program without{best.begin(), best.begin() + static_cast<long>(begin)};
                    without.insert(without.end(), best.begin() + static_cast<long>(end), best.end());
                    attempt(without);
                    end = std::min(begin, best.size());
                }
            }
            for (size_t i = best.size(); i-- > 0;) {
                if (best[i].code != Code::RUN && best[i].code != Code::RESET) continue;
                for (uint64_t step = best[i].count / 2; step > 0; step /= 2) {
                    while (best[i].count > step) {
                        Program shorter = best;
                        shorter[i].count -= step;
                        if (!attempt(shorter)) break;
                    }
                }
            }
            if (!hits(best, wanted)) continue;
            const uint32_t* const counters = bench.subject().counters();
            for (size_t i = 0; i < count; ++i) known[i] |= counters[i] != 0;
            m_answers << "reduced " << done << ' ';
            llm4cov::write(m_answers, best);
            m_answers << std::endl;
        }
        spend();
    }

    std::string m_folder;
    int m_argc;
    char** m_argv;
    std::ofstream m_answers;
    Setup m_setup;
    std::vector<uint32_t> m_known;
    std::vector<Program> m_prefix;
    std::vector<Program> m_programs;
};

}  // namespace
}  // namespace llm4cov

int main(int argc, char** argv) {
    // Whoever started this process and died cannot end it any more.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (argc < 2) return 2;
    // What the RTL prints is of no use here, and there is much of it.
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0) ::dup2(nowhere, STDOUT_FILENO);
    llm4cov::Search search{argv[1], argc - 1, argv + 1};
    search.obey();
    // Nothing is destroyed: a model that was left in the middle of an evaluation could not be.
    std::fflush(nullptr);
    ::_exit(0);
}
