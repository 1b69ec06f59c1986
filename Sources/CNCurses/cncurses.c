#define _GNU_SOURCE
#define NCURSES_WIDECHAR 1
#include "cncurses.h"

#include <curses.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#ifdef __linux__
#include <sys/mman.h>
#endif
#include <term.h>
// Names that term.h takes as macros.
#undef columns
#undef lines
#include <unistd.h>
#include <wchar.h>

#include "direct_terminfo.h"

static SCREEN *screen;
static FILE *input, *output;

int cn_open(const char *term, bool direct, int in_fd, int out_fd) {
  char *before = getenv("TERMINFO");
  char *saved = before ? strdup(before) : NULL;
  input = fdopen(dup(in_fd), "r");
  output = fdopen(dup(out_fd), "w");
  if (!input || !output) return -1;
  if (direct) setenv("TERMINFO", cn_direct_terminfo, 1);
  screen = newterm(direct ? CN_DIRECT_TERM : term, output, input);
  if (direct) {
    if (saved) setenv("TERMINFO", saved, 1);
    else unsetenv("TERMINFO");
  }
  free(saved);
  int result = screen ? 0 : -1;
  if (screen && !tigetstr("cup")) result = -2;
  if (screen && tigetstr("cup") == (char *)-1) result = -2;
  if (result) {
    if (screen) {
      endwin();
      delscreen(screen);
      screen = NULL;
    }
    fclose(input);
    fclose(output);
    return result;
  }
  raw();
  noecho();
  nonl();
  leaveok(stdscr, FALSE);
  scrollok(stdscr, FALSE);
  if (has_colors()) {
    start_color();
    use_default_colors();
  }
  return 0;
}

/// Appends a terminfo string without its padding.
static size_t append(char *text, size_t size, size_t used, const char *more) {
  if (!more || more == (const char *)-1) return used;
  for (; *more && used < size; more++) {
    if (more[0] == '$' && more[1] == '<') {
      const char *end = strchr(more, '>');
      if (end) {
        more = end;
        continue;
      }
    }
    text[used++] = *more;
  }
  return used;
}

size_t cn_reset_text(char *text, size_t size) {
  size_t used = 0;
  const char *leave = tigetstr("rmcup");
  // Terminals with an alternate screen are those that know the modes of xterm.
  if (leave && leave != (char *)-1) {
    used = append(text, size, used, "\033[?2026l\033[?1006l\033[?1003l\033[?1002l\033[?1000l\033[?2004l");
  }
  used = append(text, size, used, tigetstr("rmkx"));
  used = append(text, size, used, tigetstr("sgr0"));
  used = append(text, size, used, tigetstr("op"));
  used = append(text, size, used, tigetstr("cnorm"));
  return append(text, size, used, leave);
}

void cn_close(void) {
  if (!screen) return;
  endwin();
  delscreen(screen);
  screen = NULL;
  fclose(input);
  fclose(output);
}

int cn_colors(void) { return screen && has_colors() ? COLORS : 0; }

int cn_pair(int pair, int foreground, int background) {
  if (pair <= 0 || pair >= COLOR_PAIRS) return 0;
  return init_extended_pair(pair, foreground, background) == ERR ? 0 : pair;
}

void cn_put(int y, int x, const cn_cell *cells, int count) {
  if (!screen || wmove(stdscr, y, x) == ERR) return;
  for (int i = 0; i < count; i++) {
    const cn_cell *cell = &cells[i];
    if (cell->scalars[0] == 0) continue;
    wchar_t text[5];
    int length = 0;
    while (length < 4 && cell->scalars[length]) {
      text[length] = (wchar_t)cell->scalars[length];
      length++;
    }
    text[length] = 0;
    attr_t attributes = A_NORMAL;
    if (cell->attributes & CN_BOLD) attributes |= A_BOLD;
    if (cell->attributes & CN_DIM) attributes |= A_DIM;
    if (cell->attributes & CN_UNDERLINE) attributes |= A_UNDERLINE;
    if (cell->attributes & CN_REVERSE) attributes |= A_REVERSE;
    if (cell->attributes & CN_ITALIC) attributes |= A_ITALIC;
    int pair = cell->pair;
    cchar_t sign;
    if (setcchar(&sign, text, attributes, 0, &pair) == ERR) continue;
    mvwadd_wch(stdscr, y, x + i, &sign);
  }
}

void cn_flush(int cursor_y, int cursor_x) {
  if (!screen) return;
  if (cursor_x < 0) {
    curs_set(0);
    wmove(stdscr, 0, 0);
  } else {
    curs_set(1);
    wmove(stdscr, cursor_y, cursor_x);
  }
  wnoutrefresh(stdscr);
  doupdate();
}

void cn_invalidate(void) {
  if (screen) clearok(curscr, TRUE);
}

void cn_resize(int rows, int columns) {
  if (!screen) return;
  resize_term(rows, columns);
  clearok(curscr, TRUE);
}

void cn_suspend(void) {
  if (!screen) return;
  def_prog_mode();
  endwin();
}

void cn_resume(void) {
  if (!screen) return;
  reset_prog_mode();
  clearok(curscr, TRUE);
  doupdate();
}

bool cn_locale(void) {
  setlocale(LC_ALL, "");
  if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0) return true;
  const char *wanted = getenv("LC_ALL");
  if (!wanted || !*wanted) wanted = getenv("LC_CTYPE");
  if (!wanted || !*wanted) wanted = getenv("LANG");
  // C and POSIX are a wish for ASCII; anything else that fails is a locale that is not installed here.
  if (wanted && (strcmp(wanted, "C") == 0 || strcmp(wanted, "POSIX") == 0)) return false;
  if (wanted && *wanted && !strcasestr(wanted, "utf-8") && !strcasestr(wanted, "utf8")) return false;
  return setlocale(LC_CTYPE, "C.UTF-8") != NULL && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

int cn_width(uint32_t scalar) { return wcwidth((wchar_t)scalar); }

bool cn_size(int fd, int *rows, int *columns) {
  struct winsize size;
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return false;
  *rows = size.ws_row;
  *columns = size.ws_col;
  return true;
}

int cn_pipe(int ends[2]) {
  if (pipe(ends) != 0) return -1;
  for (int i = 0; i < 2; i++) {
    fcntl(ends[i], F_SETFL, fcntl(ends[i], F_GETFL) | O_NONBLOCK);
    fcntl(ends[i], F_SETFD, FD_CLOEXEC);
  }
  return 0;
}

int cn_memory_file(void) {
#ifdef __linux__
  return memfd_create("errors", MFD_CLOEXEC);
#else
  FILE *file = tmpfile();
  return file ? dup(fileno(file)) : -1;
#endif
}
