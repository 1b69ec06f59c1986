import Foundation
import TerminalUI

/// Standard output and standard error of a command: data to the one, everything else to the other.
struct Console: Sendable {
  /// Whether standard output is a terminal.
  let isTerminal: Bool
  /// Whether words may be coloured.
  let isColoured: Bool
  /// The columns of the terminal, or `nil` where output is no terminal and nothing is cut.
  let columns: Int?

  init(noColor: Bool, environment: [String: String] = ProcessInfo.processInfo.environment) {
    isTerminal = isatty(STDOUT_FILENO) == 1
    let plain = noColor || environment["NO_COLOR"].map { !$0.isEmpty } == true || environment["TERM"] == "dumb"
    isColoured = isTerminal && !plain
    var size = winsize()
    columns =
      isTerminal && ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : nil
  }

  /// Writes bytes of data. A reader that went away ends the process quietly, as of any command in a pipe.
  func write(_ bytes: [UInt8]) throws { try write(bytes[...]) }

  /// Writes a part of some bytes.
  func write(_ bytes: ArraySlice<UInt8>) throws {
    if let page = Page.current { return page.append(bytes) }
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno == EPIPE {
        // Not `exit`: what it tears down is still in use on the network's thread.
        _exit(141)
      } else if errno != EINTR {
        throw WriteFailure(reason: String(cString: strerror(errno)))
      }
    }
  }

  /// Writes a line of words; what came from outside is made safe for a terminal.
  func line(_ text: String = "") throws { try write(Array((SafeText.escape(text) + "\n").utf8)) }

  /// Writes lines of words; line feeds are kept, everything else is made safe.
  func lines(_ text: String) throws {
    for part in text.split(separator: "\n", omittingEmptySubsequences: false) { try line(String(part)) }
  }

  /// Writes a note to standard error.
  static func note(_ text: String) {
    if let page = Page.current { return page.note(text) }
    let bytes = Array((SafeText.escape(text) + "\n").utf8)
    _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  /// A word in a colour, where colour is on.
  func paint(_ text: String, _ colour: Colour) -> Painted {
    Painted(text: SafeText(text), colour: isColoured ? colour : .plain)
  }
}

/// Output that could not be written, such as to a full disk.
struct WriteFailure: Error, CustomStringConvertible {
  let reason: String
  var description: String { "write error: \(reason)" }
}

/// The colours of tables on a terminal; never the only carrier of a meaning.
enum Colour: String, Sendable {
  case plain = ""
  case bold = "1"
  case muted = "2"
  case good = "32"
  case warn = "33"
  case bad = "31"
  case accent = "36"
}

/// A word made safe for a terminal, with its colour.
struct Painted: Sendable {
  let text: SafeText
  var colour: Colour = .plain

  /// The word with the escape sequences of its colour.
  var rendered: String { colour == .plain ? text.text : "\u{1b}[\(colour.rawValue)m\(text.text)\u{1b}[0m" }
}
