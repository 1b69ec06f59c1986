// Restoring the terminal on every way out. What runs in a handler here calls only async-signal-safe functions.
#define _GNU_SOURCE
#include <poll.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "cncurses.h"

static int terminal = -1;
static struct termios original_mode;
static char reset_text[512];
static size_t reset_length;
static int captured_errors = -1, original_errors = -1;
static int notify = -1;
static volatile sig_atomic_t installed, ending, fired, lent, continued;
static atomic_int restored = 1;
/// The milliseconds that a program is given to come to its end once the terminal is restored.
enum { USUAL_PATIENCE = 3000 };
static volatile sig_atomic_t patience = USUAL_PATIENCE;

static const int crashes[] = {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};
static const int endings[] = {SIGTERM, SIGHUP, SIGINT};
enum { CRASHES = sizeof crashes / sizeof *crashes, ENDINGS = sizeof endings / sizeof *endings };
static struct sigaction before_crash[CRASHES], before_ending[ENDINGS], before_alarm;
static const int notices[] = {SIGWINCH, SIGTSTP, SIGCONT};
enum { NOTICES = sizeof notices / sizeof *notices };
static struct sigaction before_notice[NOTICES];

void cn_guard_remember(int fd) {
  terminal = fd;
  tcgetattr(fd, &original_mode);
}

void cn_guard_save(const char *reset, size_t length) {
  reset_length = length < sizeof reset_text ? length : sizeof reset_text;
  memcpy(reset_text, reset, reset_length);
  atomic_store(&restored, 0);
}

void cn_guard_errors(int captured, int original) {
  captured_errors = captured;
  original_errors = original;
}

/// Copies what was captured to the true standard error, control characters shown as `?`.
static void replay(void) {
  int from = captured_errors, to = original_errors;
  captured_errors = original_errors = -1;
  if (from < 0 || to < 0) return;
  dup2(to, 2);
  char block[1024];
  off_t at = 0;
  ssize_t count;
  while ((count = pread(from, block, sizeof block, at)) > 0) {
    for (ssize_t i = 0; i < count; i++) {
      unsigned char byte = (unsigned char)block[i];
      if ((byte < 0x20 && byte != '\n') || byte == 0x7F) block[i] = '?';
      if (i > 0 && (unsigned char)block[i - 1] == 0xC2 && byte >= 0x80 && byte < 0xA0) block[i - 1] = block[i] = '?';
    }
    for (ssize_t done = 0; done < count;) {
      ssize_t written = write(to, block + done, (size_t)(count - done));
      if (written <= 0) return;
      done += written;
    }
    at += count;
  }
}

void cn_guard_restore(void) {
  if (atomic_exchange(&restored, 1) || terminal < 0) return;
  // A terminal whose reader is gone or stopped must not hold the process.
  int flags = fcntl(terminal, F_GETFL);
  if (flags >= 0) fcntl(terminal, F_SETFL, flags | O_NONBLOCK);
  for (size_t done = 0; done < reset_length;) {
    ssize_t written = write(terminal, reset_text + done, reset_length - done);
    if (written > 0) {
      done += (size_t)written;
      continue;
    }
    // What was drawn last may still fill the line: a reader that is alive takes it within moments.
    struct pollfd line = {.fd = terminal, .events = POLLOUT};
    if (written == 0 || (errno != EAGAIN && errno != EINTR) || poll(&line, 1, 100) <= 0) break;
  }
  if (flags >= 0) fcntl(terminal, F_SETFL, flags);
  tcsetattr(terminal, TCSANOW, &original_mode);
}

void cn_die(int number) {
  struct sigaction plain;
  memset(&plain, 0, sizeof plain);
  plain.sa_handler = SIG_DFL;
  sigemptyset(&plain.sa_mask);
  sigaction(number, &plain, NULL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
  raise(number);
  _exit(128 + number);
}

static void alarm_after(long milliseconds) {
  struct itimerval timer = {{0, 0}, {milliseconds / 1000, milliseconds % 1000 * 1000}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

static void on_crash(int number) {
  if (number == SIGQUIT && lent) return;
  cn_guard_restore();
  replay();
  for (int i = 0; i < CRASHES; i++) {
    // The action from before, so that a backtracer still gets its turn.
    if (crashes[i] == number) sigaction(number, &before_crash[i], NULL);
  }
  raise(number);
}

static void on_ending(int number) {
  int error = errno;
  if (number == SIGINT && lent) return;
  if (fired) {
    // A hang-up comes more than once, from the terminal and from the shell on it: nobody is impatient.
    if (number == SIGHUP || ending == SIGHUP) {
      errno = error;
      return;
    }
    cn_guard_restore();
    replay();
    cn_die(number);
  }
  fired = 1;
  ending = number;
  char byte = (char)number;
  ssize_t ignored = write(notify, &byte, 1);
  (void)ignored;
  alarm_after(atomic_load(&restored) ? patience : 100);
  errno = error;
}

static void on_alarm(int number) {
  (void)number;
  if (!ending) return;
  if (atomic_load(&restored)) {
    // Restored in time, but the program does not come to its end.
    replay();
    cn_die(ending);
  }
  cn_guard_restore();
  alarm_after(patience);
}

static void on_notice(int number) {
  int error = errno;
  if (number == SIGCONT) continued = 1;
  char byte = (char)number;
  ssize_t ignored = write(notify, &byte, 1);
  (void)ignored;
  errno = error;
}

void cn_guard_restored(bool is) {
  atomic_store(&restored, is ? 1 : 0);
  if (is && ending) alarm_after(patience);
}

void cn_guard_patience(long milliseconds) {
  patience = milliseconds ? (sig_atomic_t)milliseconds : USUAL_PATIENCE;
  if (ending) alarm_after(patience);
}

void cn_guard_lend(bool is) { lent = is; }

void cn_guard_thread(void) {
  static _Thread_local char *stack;
  if (stack) return;
  size_t size = 64 * 1024;
  stack = malloc(size);
  if (!stack) return;
  stack_t alternate = {.ss_sp = stack, .ss_size = size};
  sigaltstack(&alternate, NULL);
}

void cn_guard_install(int notify_fd) {
  notify = notify_fd;
  cn_guard_thread();
  if (installed) return;
  installed = 1;
  ending = fired = 0;
  patience = USUAL_PATIENCE;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  action.sa_handler = on_crash;
  for (int i = 0; i < CRASHES; i++) sigaction(crashes[i], &action, &before_crash[i]);
  action.sa_flags = SA_ONSTACK | SA_RESTART;
  action.sa_handler = on_ending;
  for (int i = 0; i < ENDINGS; i++) sigaction(endings[i], &action, &before_ending[i]);
  action.sa_handler = on_notice;
  for (int i = 0; i < NOTICES; i++) sigaction(notices[i], &action, &before_notice[i]);
  action.sa_handler = on_alarm;
  sigaction(SIGALRM, &action, &before_alarm);
}

void cn_stop(void) {
  struct sigaction plain = {.sa_handler = SIG_DFL}, before;
  sigemptyset(&plain.sa_mask);
  continued = 0;
  sigaction(SIGTSTP, &plain, &before);
  kill(0, SIGTSTP);
  // The signal may reach another thread a little later: it must not meet our handler. Without a shell to continue us
  // (an orphaned group) the system ignores it, and there is nothing to wait for.
  struct timespec pause = {0, 5 * 1000 * 1000};
  for (int i = 0; i < 40 && !continued; i++) nanosleep(&pause, NULL);
  sigaction(SIGTSTP, &before, NULL);
}

void cn_guard_remove(void) {
  if (!installed) return;
  installed = 0;
  alarm_after(0);
  for (int i = 0; i < CRASHES; i++) sigaction(crashes[i], &before_crash[i], NULL);
  for (int i = 0; i < ENDINGS; i++) sigaction(endings[i], &before_ending[i], NULL);
  for (int i = 0; i < NOTICES; i++) sigaction(notices[i], &before_notice[i], NULL);
  sigaction(SIGALRM, &before_alarm, NULL);
}
