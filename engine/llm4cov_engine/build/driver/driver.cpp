// The main program of every simulation.
//
// However a run ends that still has its wits about it ($finish, no events left, $stop, $error, $fatal, the wall clock,
// the limit on simulated time, a loop in which time stands still), it writes the coverage it reached and one word
// that says how it ended. A run that leaves no word crashed. Beside the word stand two numbers: in how many time slots
// combinational logic did not come to rest, and the time of the first.
//
// Environment, removed before the model is made:
//   LLM4COV_OUTPUT   folder for the files "coverage.dat" or "counters", and "ending"
//   LLM4COV_SECONDS  simulated seconds after which to stop, a decimal number; absent for no limit
//
// The file "counters" begins with one line per array of counters: its length, how many of them are in doubt, and the
// instance it belongs to; and an empty line. Then follow the arrays, in this machine's order of bytes.

#include "driver.h"

#include "verilated.h"
#include "verilated_cov.h"

#include <atomic>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace {

// How long the model gets, after SIGTERM, to come to the end of its time slot.
constexpr int patienceMs = 500;

// Evaluations of a region within a time slot: what a testbench may need that passes many events at one time; what a
// time slot gets once it is known not to come to rest; and what later ones get in a run that has many such.
constexpr uint32_t patientLimit = 10000;
constexpr uint32_t abandonedLimit = 3;
constexpr uint32_t hurriedLimit = 200;
constexpr uint64_t manyUnsettled = 3;

VerilatedContext* s_contextp = nullptr;
uint64_t s_unsettled = 0;
uint64_t s_firstUnsettled = 0;
std::string s_folder;
std::atomic<bool> s_deadline{false};
std::atomic<bool> s_ending{false};

struct Counters final {
    std::string scope;
    const uint32_t* countersp;
    size_t size;
    std::vector<uint32_t> before;
    std::vector<uint32_t> doubtful;

    size_t doubts() const {
        size_t found = 0;
        for (size_t i = 0; i < doubtful.size() && i < before.size(); ++i) {
            found += doubtful[i] != before[i] && countersp[i] == doubtful[i];
        }
        return found;
    }
};
std::mutex s_countersMutex;
std::vector<Counters> s_counters;

// Writes all of it, or says why not.
bool writeFile(const std::string& name, const char* datap, size_t size) {
    const std::string path = s_folder + "/" + name;
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return false;
    while (size > 0) {
        const ssize_t done = ::write(fd, datap, size);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) {
            const int error = errno;
            ::close(fd);
            errno = error;
            return false;
        }
        datap += done;
        size -= static_cast<size_t>(done);
    }
    return ::close(fd) == 0;
}

bool writeCounters() {
    const std::lock_guard<std::mutex> lock{s_countersMutex};
    std::string head;
    std::string body;
    for (const Counters& each : s_counters) {
        head += std::to_string(each.size) + ' ' + std::to_string(each.doubts()) + ' ' + each.scope + '\n';
        body.append(reinterpret_cast<const char*>(each.countersp), each.size * sizeof(uint32_t));
    }
    const std::string all = head + '\n' + body;
    return writeFile("counters", all.data(), all.size());
}

// The runtime's own writer does not notice a full disk, so it writes to memory, and the file is written from there.
bool writeCoverage() {
    const int fd = ::memfd_create("coverage", MFD_CLOEXEC);
    if (fd < 0) return false;
    s_contextp->coveragep()->forcePerInstance(true);
    s_contextp->coveragep()->write("/proc/self/fd/" + std::to_string(fd));
    const off_t size = ::lseek(fd, 0, SEEK_END);
    if (size <= 0) return false;
    void* const datap = ::mmap(nullptr, static_cast<size_t>(size), PROT_READ, MAP_PRIVATE, fd, 0);
    if (datap == MAP_FAILED) return false;
    return writeFile("coverage.dat", static_cast<const char*>(datap), static_cast<size_t>(size));
}

// Ends the process; the first caller decides how. Nothing is destroyed: a model in the middle of an evaluation, or one
// that a testbench damaged, could not be.
[[noreturn]] void end(const char* how, int code) {
    if (s_ending.exchange(true)) {
        for (;;) ::pause();
    }
    std::string word = how;
    if (!(s_counters.empty() ? writeCoverage() : writeCounters())) {
        word = std::string{"unwritten "} + std::strerror(errno);
        code = 1;
    }
    word += '\n' + std::to_string(s_unsettled) + ' ' + std::to_string(s_firstUnsettled) + '\n';
    if (!writeFile("ending", word.data(), word.size())) code = 1;
    // Standard output is flushed line by line; a lock held by an evaluation that never ends must not stop us here.
    if (std::strcmp(how, "hung") != 0) std::fflush(nullptr);
    ::_exit(code);
}

void awaitDeadline(sigset_t signals) {
    int number = 0;
    while (::sigwait(&signals, &number) != 0 || number != SIGTERM) {}
    s_deadline = true;
    for (int waited = 0; waited < patienceMs && !s_ending; waited += 5) ::usleep(5000);
    end("hung", 1);
}

std::string takeVariable(const char* name) {
    const char* const valuep = std::getenv(name);
    const std::string value = valuep ? valuep : "";
    ::unsetenv(name);
    return value;
}

// Simulated seconds as a number of time steps; the largest number for no limit.
uint64_t timeLimit(const std::string& seconds) {
    if (seconds.empty()) return UINT64_MAX;
    const double steps = std::strtod(seconds.c_str(), nullptr) * std::pow(10.0, -s_contextp->timeprecision());
    return steps >= 1.8e19 ? UINT64_MAX : static_cast<uint64_t>(steps);
}

const char* simulate(llm4cov::Model& model, const uint64_t limit) {
    while (!s_contextp->gotFinish()) {
        if (s_deadline) return "deadline";
        llm4cov::settleLimit = s_unsettled < manyUnsettled ? patientLimit : hurriedLimit;
        model.eval();
        if (s_contextp->gotFinish()) break;
        if (!model.eventsPending()) {
            model.final();
            return "idle";
        }
        const uint64_t next = model.nextTimeSlot();
        if (next > limit) return "time";
        s_contextp->time(next);
    }
    model.final();
    return "finish";
}

// As the runtime's own: a message that begins with a code in capitals ("DIDNOTCONVERGE: ...") has it moved to the front.
void printError(const char* filename, int line, const char* message) {
    const char* endp = message;
    while (std::isupper(static_cast<unsigned char>(*endp))) ++endp;
    std::string head = "%Error";
    if (endp != message && endp[0] == ':' && endp[1] == ' ') {
        head += '-' + std::string{message, endp};
        message = endp + 2;
    }
    if (filename && filename[0]) head += ": " + std::string{filename} + ":" + std::to_string(line);
    std::printf("%s: %s\n", head.c_str(), message);
}

}  // namespace

uint32_t llm4cov::settleLimit = patientLimit;

void llm4cov::unsettled() {
    // Called again by the outer regions of the same time slot.
    if (settleLimit == abandonedLimit) return;
    if (s_unsettled++ == 0) s_firstUnsettled = s_contextp->time();
    settleLimit = abandonedLimit;
}

void llm4cov::keepCounters(const char* scope, uint32_t* countersp, size_t size) {
    std::memset(countersp, 0, size * sizeof(uint32_t));
    const std::lock_guard<std::mutex> lock{s_countersMutex};
    s_counters.push_back({scope, countersp, size, {}, {}});
}

void llm4cov::beginSettling(const uint32_t* countersp) {
    const std::lock_guard<std::mutex> lock{s_countersMutex};
    for (Counters& each : s_counters) {
        if (each.countersp == countersp) each.before.assign(countersp, countersp + each.size);
    }
}

void llm4cov::doubtCounters(const uint32_t* countersp) {
    const std::lock_guard<std::mutex> lock{s_countersMutex};
    for (Counters& each : s_counters) {
        if (each.countersp == countersp) each.doubtful.assign(countersp, countersp + each.size);
    }
}

// The runtime is compiled with VL_USER_STOP and VL_USER_FATAL and calls these.

void vl_stop(const char* filename, int line, const char*) {
    // After $finish the model only comes to the end of its time slot: what it says then no longer counts.
    if (s_contextp->gotFinish() && !s_contextp->executingFinal()) return;
    printError(filename, line, "Verilog $stop");
    end("stop", 1);
}

void vl_fatal(const char* filename, int line, const char*, const char* message) {
    printError(filename, line, message);
    end("fatal", 1);
}

int main(int argc, char** argv) {
    // Whoever started this process and died cannot end it any more.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // A full file, and a constraint solver that does not start, are failed writes and no reason to die.
    std::signal(SIGXFSZ, SIG_IGN);
    std::signal(SIGPIPE, SIG_IGN);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    ::setvbuf(stdout, nullptr, _IOLBF, 1 << 16);

    s_folder = takeVariable("LLM4COV_OUTPUT");
    const std::string seconds = takeVariable("LLM4COV_SECONDS");
    s_contextp = new VerilatedContext;
    s_contextp->threads(1);
    s_contextp->commandArgs(argc, argv);
    std::thread{awaitDeadline, signals}.detach();
    llm4cov::Model* const modelp = llm4cov::makeModel(s_contextp);
    end(simulate(*modelp, timeLimit(seconds)), 0);
}
