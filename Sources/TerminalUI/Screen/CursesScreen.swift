import CNCurses

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The terminal, drawn on through ncurses. Confined to the terminal's thread.
///
/// Rows that did not change are not handed over; ncurses sends what differs of the others. However the process ends,
/// the terminal is restored: by `close`, or by the handlers in CNCurses.
@TerminalActor
public final class CursesScreen: @TerminalActor Screen {
  /// The size in cells.
  public private(set) var size: Size
  /// The signs it can show.
  public let glyphs: GlyphSet
  /// The colours it can show.
  public let depth: ColorDepth
  /// Where keys are read from.
  let input: Int32
  private let output: Int32
  private let modes: (on: String, off: String)
  private let synchronizes: Bool
  private var shown: Frame?
  private var shownTheme: Theme?
  private var palette = CursesPalette()
  private var row: [cn_cell] = []
  private var isOpen = true
  private var errors = ErrorCapture()

  /// Takes the terminal.
  ///
  /// - Throws: `ScreenError` where input or output is no terminal, or the terminal's type is no screen. Nothing was
  ///   written to the terminal then.
  public init(options: TerminalOptions, input: Int32 = 0, output: Int32 = 1) throws(ScreenError) {
    guard isatty(input) == 1, isatty(output) == 1 else {
      throw ScreenError(
        .notATerminal, "the dashboard needs a terminal for input and output",
        remedy: "run it in one, or use the commands, which write plain text")
    }
    let isUTF8 = cn_locale()
    var rows: Int32 = 0
    var columns: Int32 = 0
    let knowsSize = cn_size(output, &rows, &columns)
    size = knowsSize ? Size(width: Int(columns), height: Int(rows)) : .standard
    let direct = options.allowsColor && options.depth == .trueColor && options.announcesDirectColor
    let colors = try CursesScreen.open(options, direct: direct, input, output)
    depth = CursesScreen.depth(colors: colors, options)
    glyphs = isUTF8 ? options.glyphs ?? .unicode : .ascii
    self.input = input
    self.output = output
    var text = [CChar](repeating: 0, count: 512)
    let length = cn_reset_text(&text, text.count)
    let knowsModes = text.prefix(length).starts(with: "\u{1B}[?2026l".utf8.map { CChar(bitPattern: $0) })
    synchronizes = options.synchronizesOutput && knowsModes
    let mouse = options.mouse && knowsModes
    modes = (
      on: (knowsModes ? "\u{1B}[?2004h" : "") + (mouse ? "\u{1B}[?1000h\u{1B}[?1002h\u{1B}[?1006h" : ""),
      off: (mouse ? "\u{1B}[?1006l\u{1B}[?1002l\u{1B}[?1000l" : "") + (knowsModes ? "\u{1B}[?2004l" : "")
    )
    cn_resize(Int32(size.height), Int32(size.width))
    send(modes.on)
    errors.begin()
  }

  /// Shows a frame; only what differs from the last one is sent.
  public func show(_ frame: Frame, theme: Theme) throws(ScreenError) {
    guard isOpen else { return }
    if shownTheme != theme {
      palette.forgetStyles()
      shownTheme = theme
      shown = nil
    }
    let isSame = shown?.size == frame.size
    var hasChanged = !isSame || shown?.cursor != frame.cursor
    let width = min(frame.size.width, size.width)
    for y in 0..<min(frame.size.height, size.height) {
      let cells = frame.row(y)
      if isSame, let before = shown?.row(y), before == cells { continue }
      hasChanged = true
      row.removeAll(keepingCapacity: true)
      for cell in cells.prefix(width) { row.append(palette.cell(cell, theme: theme, depth: depth)) }
      cn_put(Int32(y), 0, row, Int32(row.count))
    }
    guard hasChanged else { return }
    shown = frame
    if synchronizes { send("\u{1B}[?2026h") }
    let cursor = frame.cursor.flatMap { Rect(size: size).contains($0) ? $0 : nil }
    cn_flush(Int32(cursor?.y ?? 0), Int32(cursor?.x ?? -1))
    if synchronizes { send("\u{1B}[?2026l") }
  }

  /// Reads the terminal's size again; answers whether it changed.
  func measure() -> Bool {
    var rows: Int32 = 0
    var columns: Int32 = 0
    let now =
      cn_size(output, &rows, &columns) ? Size(width: Int(columns), height: Int(rows)) : .standard
    guard now != size else { return false }
    size = now
    cn_resize(Int32(max(now.height, 1)), Int32(max(now.width, 1)))
    shown = nil
    return true
  }

  /// Has the next frame sent whole.
  func invalidate() {
    shown = nil
    cn_invalidate()
  }

  /// Gives the terminal back for a while.
  func suspend() {
    guard isOpen else { return }
    send(modes.off)
    cn_suspend()
    cn_guard_restored(true)
    errors.end()
  }

  /// Takes the terminal again.
  func resume() {
    guard isOpen else { return }
    errors.begin()
    cn_guard_restored(false)
    cn_resume()
    send(modes.on)
    shown = nil
    _ = measure()
  }

  /// Gives the terminal back for good.
  public func close() {
    guard isOpen else { return }
    isOpen = false
    send(modes.off)
    cn_close()
    cn_guard_restored(true)
    errors.end()
  }

  /// Sounds the bell.
  func bell() { send("\u{07}") }

  /// Copies text to the clipboard, at most 75 kB of it.
  func copy(_ text: String) {
    let bytes = Array(text.utf8.prefix(75_000))
    send("\u{1B}]52;c;\(Base64.encode(bytes))\u{07}")
  }

  private func send(_ text: String) {
    guard !text.isEmpty else { return }
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { write(output, $0.baseAddress.map { $0 + done }, bytes.count - done) }
      guard count > 0 else { return }
      done += count
    }
  }

  private static func open(
    _ options: TerminalOptions, direct: Bool, _ input: Int32, _ output: Int32
  ) throws(ScreenError) -> Int32 {
    let name = options.environment["TERM"] ?? ""
    guard !options.types.isEmpty else {
      throw ScreenError(
        .unusableTerminal,
        name.isEmpty
          ? "TERM is not set" : "the terminal type \"\(SafeText.escape(name))\" cannot show a full screen",
        remedy: "set TERM to your terminal's type, such as xterm-256color")
    }
    cn_guard_remember(output)
    // The description with direct colour belongs to the xterm family only.
    let first = options.types.count > 1 ? [(options.types[0], direct)] : [(options.types[0], false)]
    for (type, direct) in first + options.types.map({ ($0, false) }) where cn_open(type, direct, input, output) == 0 {
      var text = [CChar](repeating: 0, count: 512)
      let length = cn_reset_text(&text, text.count)
      cn_guard_save(text, length)
      return cn_colors()
    }
    throw ScreenError(
      .unusableTerminal, "the terminal type \"\(SafeText.escape(name))\" is unknown here or cannot move its cursor",
      remedy: "set TERM to a known type, such as xterm-256color")
  }

  private static func depth(colors: Int32, _ options: TerminalOptions) -> ColorDepth {
    guard options.allowsColor else { return .mono }
    let able: ColorDepth =
      switch colors {
      case ..<8: .mono
      case 8..<16: .basic
      case 16..<256: .bright
      case 256..<65536: .indexed
      default: .trueColor
      }
    return min(able, options.depth)
  }
}
