// What TerminalUI needs of ncursesw and of signals, in functions that import into Swift. Names begin with `cn_`.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// One cell as curses takes it: a scalar, up to three marks over it, attributes (CN_BOLD …) and a colour pair.
typedef struct {
  uint32_t scalars[4];
  uint32_t attributes;
  int32_t pair;
} cn_cell;

enum { CN_BOLD = 1, CN_DIM = 2, CN_UNDERLINE = 4, CN_REVERSE = 8, CN_ITALIC = 16 };

// Screen. One thread only.

/// Opens a screen on descriptors for a terminal type. 0 on success; -1 if the type is unknown, -2 if it cannot move its
/// cursor. `direct` asks for a description with direct colour in place of the type's own.
int cn_open(const char *term, bool direct, int in_fd, int out_fd);
/// Writes what restores the open screen's terminal, with every mode of the toolkit undone; answers its length.
size_t cn_reset_text(char *text, size_t size);
/// Closes the screen and gives the terminal back.
void cn_close(void);
/// The colours of the open screen; 0 where it has none.
int cn_colors(void);
/// A colour pair's number for two colours (-1: the terminal's own); 0 where no more can be had.
int cn_pair(int pair, int foreground, int background);
/// Puts cells into a row of the picture.
void cn_put(int y, int x, const cn_cell *cells, int count);
/// Sends the difference to the terminal, the cursor at a place (x < 0: hidden).
void cn_flush(int cursor_y, int cursor_x);
/// Has the next flush send everything.
void cn_invalidate(void);
/// Gives the screen another size.
void cn_resize(int rows, int columns);
/// Gives the terminal back for a while.
void cn_suspend(void);
/// Takes the terminal again.
void cn_resume(void);

// Locale.

/// Sets the locale of the environment, else C.UTF-8 for characters; whether text is UTF-8 then.
bool cn_locale(void);
/// The columns the C library gives a scalar in the current locale; -1 where it knows none.
int cn_width(uint32_t scalar);

// Terminal and descriptors.

/// The size of a terminal; false where it does not tell.
bool cn_size(int fd, int *rows, int *columns);
/// A pair of connected descriptors for waking up, both non-blocking. 0 on success.
int cn_pipe(int ends[2]);
/// A file without a name for captured output; -1 on failure.
int cn_memory_file(void);
/// Sends this process group the stop signal of Ctrl-Z and returns when continued.
void cn_stop(void);

// Restoring the terminal, come what may.

/// Remembers how the terminal is now, before it is taken.
void cn_guard_remember(int fd);
/// Remembers what to send to restore it, and that it is to be restored from now on.
void cn_guard_save(const char *reset, size_t length);
/// While standard error goes to `captured`, its true descriptor is `original`; a crash replays it. -1, -1: not captured.
void cn_guard_errors(int captured, int original);
/// Installs the handlers on an alternate stack. TERM, HUP and INT are written to `notify_fd` as one byte each; a second
/// TERM or INT ends the process there and then, unless one of them is a hang-up, and 100 ms without a restored terminal
/// restore it. WINCH, TSTP and CONT are written too.
void cn_guard_install(int notify_fd);
/// Gives the calling thread an alternate stack for handlers.
void cn_guard_thread(void);
/// The owner restored the terminal by itself, or (false) took it again.
void cn_guard_restored(bool restored);
/// The milliseconds that the program is given to come to its end after a signal, once the terminal is restored; 0: the
/// usual three seconds. They count from now on where the signal came already.
void cn_guard_patience(long milliseconds);
/// While another program has the terminal, INT and QUIT are meant for that one.
void cn_guard_lend(bool lent);
/// Takes the handlers away.
void cn_guard_remove(void);
/// Restores the terminal now: safe in a handler, harmless twice.
void cn_guard_restore(void);
/// Ends the process by a signal as if it had never been handled.
void cn_die(int signal) __attribute__((noreturn));
