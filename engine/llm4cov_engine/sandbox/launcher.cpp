// Starts a program in a box: it sees only the folders it is given, reaches no network, gains no privileges, and cannot
// leave anything running.
//
//   launcher [-i | -n] [-l] [-b] [-s] [-r PATH]... [-w PATH]... -- PROGRAM [ARGUMENT]...
//
//   -i       isolate: own process, network and IPC namespaces, where this user may make them
//   -n       it already has them
//   -l       confine: nothing of the file system but what -r and -w name (Landlock)
//   -b       a tool that builds: it may start processes and change the mode of its files
//   -s       it may start processes
//   -r PATH  may be read and executed, with all below it; a path that is not there is left out
//   -w PATH  may be written too
//
// Ends as the program ends, by exit code or by signal. Exit code 125 means that the box or the program could not be
// started, with a line on standard error; a program's own 125 becomes 124.

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define OWN_ARCHITECTURE AUDIT_ARCH_RISCV64
#else
#error "No list of system calls for this architecture."
#endif

namespace {

constexpr int cannotStart = 125;

struct Options {
    bool isolate = false;
    bool isolated = false;
    bool confine = false;
    bool build = false;
    bool spawn = false;
    std::vector<const char*> readable;
    std::vector<const char*> writable;
    char** programp = nullptr;
};

// Where a process that was to become the program tells that it did not.
int s_teller = -1;

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "llm4cov-launcher: %s: %s\n", what, std::strerror(errno));
    if (s_teller >= 0 && ::write(s_teller, "!", 1) != 1) ::abort();
    ::_exit(cannotStart);
}

// --- Landlock. The numbers stand here because the headers of the system may be older than its kernel. ---

constexpr long landlockCreate = 444;
constexpr long landlockAdd = 445;
constexpr long landlockRestrict = 446;

struct Ruleset {
    uint64_t files;
    uint64_t network;
    uint64_t scopes;
};

struct __attribute__((packed)) PathRule {
    uint64_t allowed;
    int32_t parent;
};

constexpr uint64_t bit(int number) { return uint64_t{1} << number; }
constexpr uint64_t execute = bit(0), writeFile = bit(1), readFile = bit(2), readFolder = bit(3);
constexpr uint64_t refer = bit(13), truncateFile = bit(14), controlDevice = bit(15);
constexpr uint64_t ofFiles = execute | writeFile | readFile | truncateFile | controlDevice;

int landlockVersion() { return static_cast<int>(::syscall(landlockCreate, nullptr, 0, 1)); }

uint64_t fileRights(int version) {
    uint64_t rights = bit(13) - 1;
    if (version >= 2) rights |= refer;
    if (version >= 3) rights |= truncateFile;
    if (version >= 5) rights |= controlDevice;
    return rights;
}

void allow(int ruleset, const char* path, uint64_t rights) {
    const int fd = ::open(path, O_PATH | O_CLOEXEC);
    if (fd < 0) return;
    struct stat status {};
    if (::fstat(fd, &status) == 0) {
        const PathRule rule{S_ISDIR(status.st_mode) ? rights : rights & ofFiles, fd};
        if (::syscall(landlockAdd, ruleset, 1, &rule, 0) != 0) fail(path);
    }
    ::close(fd);
}

void confine(const Options& options) {
    const int version = landlockVersion();
    if (version < 1) fail("Landlock");
    const uint64_t rights = fileRights(version);
    Ruleset handled{rights, version >= 4 ? bit(0) | bit(1) : 0, version >= 6 ? bit(0) | bit(1) : 0};
    const size_t size = version >= 6 ? sizeof handled : version >= 4 ? 16 : 8;
    const int ruleset = static_cast<int>(::syscall(landlockCreate, &handled, size, 0));
    if (ruleset < 0) fail("Landlock");
    for (const char* path : options.readable) allow(ruleset, path, execute | readFile | readFolder);
    for (const char* path : options.writable) allow(ruleset, path, rights & ~controlDevice);
    for (const char* path : {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}) {
        allow(ruleset, path, (readFile | writeFile | truncateFile) & rights);
    }
    if (::syscall(landlockRestrict, ruleset, 0) != 0) fail("Landlock");
    ::close(ruleset);
}

// --- System calls. ---

// What no testbench, no compiler and no Verilator needs: ways out of the file system's rules, into other processes,
// to the network and to things that outlive a process.
constexpr int forbidden[] = {
    SYS_socket, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register, SYS_ptrace, SYS_process_vm_readv,
    SYS_process_vm_writev, SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_mount, SYS_umount2, SYS_pivot_root,
    SYS_chroot, SYS_setns, SYS_unshare, SYS_open_by_handle_at, SYS_name_to_handle_at, SYS_keyctl, SYS_add_key,
    SYS_request_key, SYS_shmget, SYS_msgget, SYS_semget, SYS_mq_open, SYS_reboot, SYS_swapon, SYS_swapoff,
    SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_sethostname, SYS_setdomainname,
    SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_acct, SYS_quotactl, SYS_syslog, SYS_personality,
    SYS_pidfd_open, SYS_pidfd_getfd, SYS_fanotify_init, SYS_lookup_dcookie, SYS_nfsservctl, SYS_setpriority,
    SYS_ioprio_set, SYS_mbind, SYS_migrate_pages, SYS_move_pages, SYS_kcmp, SYS_process_madvise,
    428 /* open_tree */, 429 /* move_mount */, 430 /* fsopen */, 442 /* mount_setattr */, 467 /* open_tree_attr */,
    // Landlock does not govern these.
    SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr,
    463 /* setxattrat */, 466 /* removexattrat */, 469 /* file_setattr */, SYS_fchown, SYS_fchownat,
#ifdef SYS_chown
    SYS_chown, SYS_lchown,
#endif
#ifdef SYS_iopl
    SYS_iopl, SYS_ioperm, SYS_modify_ldt, SYS_uselib, SYS_ustat, SYS_sysfs,
#endif
};

// What only tools that build need.
constexpr int forbiddenToRun[] = {
    SYS_fchmod, SYS_fchmodat, 452 /* fchmodat2 */, SYS_utimensat,
#ifdef SYS_chmod
    SYS_chmod, SYS_utime, SYS_utimes, SYS_futimesat,
#endif
};

// Calls whose arguments lie in memory, where a filter cannot look: callers take the older call instead.
constexpr int unseen[] = {435 /* clone3 */, 437 /* openat2 */};

class Filter {
    std::vector<sock_filter> m_code;

    void add(uint16_t code, uint32_t value, uint8_t yes = 0, uint8_t no = 0) { m_code.push_back({code, yes, no, value}); }
    void load(size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)); }
    void loadArgument(int number) { load(offsetof(seccomp_data, args) + 8 * static_cast<size_t>(number)); }
    void end(uint32_t how) { add(BPF_RET | BPF_K, how); }
    static constexpr uint32_t refusal(int error) { return SECCOMP_RET_ERRNO | static_cast<uint32_t>(error); }
    void loadNumber() { load(offsetof(seccomp_data, nr)); }

public:
    Filter() {
        load(offsetof(seccomp_data, arch));
        add(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCHITECTURE, 1, 0);
        end(SECCOMP_RET_KILL_PROCESS);
        loadNumber();
#ifdef __x86_64__
        add(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);  // the x32 calls, numbered anew
        end(refusal(ENOSYS));
#endif
    }
    void refuse(int call, int error) {
        add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 1);
        end(refusal(error));
    }
    // Unless (argument & mask) == value.
    void refuseUnless(int call, int argument, uint32_t mask, uint32_t value) {
        add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 5);
        loadArgument(argument);
        add(BPF_ALU | BPF_AND | BPF_K, mask);
        add(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0);
        end(refusal(EPERM));
        loadNumber();
    }
    void refuseIf(int call, int argument, uint32_t mask, uint32_t value) {
        add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 5);
        loadArgument(argument);
        add(BPF_ALU | BPF_AND | BPF_K, mask);
        add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
        end(refusal(EPERM));
        loadNumber();
    }
    void install() {
        end(SECCOMP_RET_ALLOW);
        const sock_fprog program{static_cast<unsigned short>(m_code.size()), m_code.data()};
        if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) fail("seccomp");
    }
};

void filterCalls(const Options& options, bool isolated) {
    constexpr uint32_t anyBit = 0xffffffff;
    Filter filter;
    for (const int call : forbidden) filter.refuse(call, EPERM);
    for (const int call : unseen) filter.refuse(call, ENOSYS);
    filter.refuseUnless(SYS_prlimit64, 0, anyBit, 0);
    filter.refuseIf(SYS_clone, 0, CLONE_NEWUSER, CLONE_NEWUSER);
    // Before its third version, Landlock let files that may be read be cut.
    filter.refuseIf(SYS_openat, 2, O_ACCMODE | O_TRUNC, O_RDONLY | O_TRUNC);
    filter.refuseIf(SYS_ioctl, 1, anyBit, 0x5412);  // TIOCSTI: words put into a terminal's mouth
#ifdef SYS_open
    filter.refuseIf(SYS_open, 1, O_ACCMODE | O_TRUNC, O_RDONLY | O_TRUNC);
#endif
    if (!options.build) {
        for (const int call : forbiddenToRun) filter.refuse(call, EPERM);
        if (options.confine && landlockVersion() < 3) filter.refuse(SYS_truncate, EPERM);
    }
    if (!options.build && !options.spawn) {
        filter.refuseUnless(SYS_clone, 0, CLONE_THREAD, CLONE_THREAD);
#ifdef SYS_fork
        filter.refuse(SYS_fork, EPERM);
        filter.refuse(SYS_vfork, EPERM);
#endif
        if (!isolated) {
            const auto own = static_cast<uint32_t>(::getpid());
            filter.refuseUnless(SYS_kill, 0, anyBit, own);
            filter.refuseUnless(SYS_tgkill, 0, anyBit, own);
            filter.refuse(SYS_tkill, EPERM);
            filter.refuse(SYS_rt_sigqueueinfo, EPERM);
            filter.refuse(SYS_rt_tgsigqueueinfo, EPERM);
        }
    }
    filter.install();
}

// --- Privileges and processes. ---

void dropPrivileges() {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("no_new_privs");
    // Root's programs regain at their start what is left here; reading what others own is what folders need.
    for (int capability = 0; capability <= 63; ++capability) {
        if (capability != CAP_DAC_READ_SEARCH) ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    }
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

[[noreturn]] void becomeProgram(const Options& options, bool isolated) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGTERM, SIG_DFL);
    if (isolated && ::geteuid() != 0) {
        // Of the namespace of a user who is not root; elsewhere all of the user's processes would count.
        const rlimit processes{1024, 1024};
        ::setrlimit(RLIMIT_NPROC, &processes);
    }
    dropPrivileges();
    if (options.confine) confine(options);
    filterCalls(options, isolated);
    ::execv(options.programp[0], options.programp);
    fail(options.programp[0]);
}

// How a program ended, and whether it ever began.
struct Outcome {
    int status;
    bool started;
};

// Waits for one child, and buries the orphans that a first process of a namespace is given.
int await(pid_t child) {
    int status = 0;
    for (;;) {
        const pid_t ended = ::waitpid(-1, &status, 0);
        if (ended == child) return status;
        if (ended < 0 && errno != EINTR) fail("waitpid");
    }
}

pid_t split() {
    const pid_t child = ::fork();
    if (child < 0) fail("fork");
    return child;
}

// A pipe that no program inherits.
void openPipe(int (&ends)[2]) {
    if (::pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
}

Outcome runChild(const Options& options, bool isolated) {
    int ends[2];
    openPipe(ends);
    const pid_t child = split();
    if (child == 0) {
        s_teller = ends[1];
        becomeProgram(options, isolated);
    }
    ::close(ends[1]);
    const int status = await(child);
    // The program's start closed the other end without a word.
    char word = 0;
    return {status, ::read(ends[0], &word, 1) != 1};
}

// Runs the program below a first process of new namespaces, whose end is the end of all in them.
Outcome runIsolated(const Options& options) {
    int ends[2];
    openPipe(ends);
    const pid_t first = split();
    if (first == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        const Outcome outcome = runChild(options, true);
        ::_exit(::write(ends[1], &outcome, sizeof outcome) == sizeof outcome ? 0 : cannotStart);
    }
    ::close(ends[1]);
    const int status = await(first);
    Outcome outcome{};
    return ::read(ends[0], &outcome, sizeof outcome) == sizeof outcome ? outcome : Outcome{status, !WIFEXITED(status)};
}

bool isolate() {
    const int wanted = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC;
    return ::unshare(wanted) == 0 || ::unshare(wanted | CLONE_NEWUSER) == 0;
}

[[noreturn]] void endAs(const Outcome& outcome) {
    if (WIFSIGNALED(outcome.status)) {
        const int number = WTERMSIG(outcome.status);
        const rlimit none{0, 0};
        ::setrlimit(RLIMIT_CORE, &none);
        ::signal(number, SIG_DFL);
        ::raise(number);
        ::_exit(128 + number);
    }
    const int code = WEXITSTATUS(outcome.status);
    ::_exit(code == cannotStart && outcome.started ? cannotStart - 1 : code);
}

Options readOptions(int argc, char** argv) {
    Options options;
    int letter = 0;
    while ((letter = ::getopt(argc, argv, "+inlbsr:w:")) != -1) {
        switch (letter) {
        case 'i': options.isolate = true; break;
        case 'n': options.isolated = true; break;
        case 'l': options.confine = true; break;
        case 'b': options.build = true; break;
        case 's': options.spawn = true; break;
        case 'r': options.readable.push_back(optarg); break;
        case 'w': options.writable.push_back(optarg); break;
        default: ::_exit(cannotStart);
        }
    }
    if (optind >= argc) ::_exit(cannotStart);
    options.programp = argv + optind;
    return options;
}

}  // namespace

int main(int argc, char** argv) {
    const Options options = readOptions(argc, argv);
    // The program answers SIGTERM; its keepers wait for what it says.
    ::signal(SIGTERM, SIG_IGN);
    ::syscall(436 /* close_range */, 3U, ~0U, 0U);
    sigset_t all;
    sigemptyset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    // Tools that build do nothing of their own accord, so nobody need stay to keep them.
    if (options.build) becomeProgram(options, options.isolated);
    if (options.isolate && isolate()) endAs(runIsolated(options));
    endAs(runChild(options, options.isolated));
}
