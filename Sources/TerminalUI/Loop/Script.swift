/// Steps for a program, one a line, and the dumps of its screen they ask for.
///
///     resize 120x40        the size of the screen
///     key j j enter        keys by their notation
///     type :canary set     characters
///     paste some text      one bracketed paste; \n in it is a line feed
///     wait reviews         until the screen shows the text
///     idle                 until nothing is left to do
///     dump                 the screen, into the output
///
/// Empty lines and lines that begin with `#` are skipped.
public struct Script: Hashable, Sendable {
  /// One step.
  public enum Step: Hashable, Sendable {
    /// A new size of the screen.
    case resize(Size)
    /// Keys one after the other.
    case keys([Key])
    /// Characters one after the other.
    case type(String)
    /// A paste.
    case paste(String)
    /// Until the screen shows a text.
    case wait(String)
    /// Until nothing is left to do.
    case idle
    /// The screen, into the output.
    case dump
  }

  /// The steps in order.
  public var steps: [Step]

  /// Reads steps.
  ///
  /// - Throws: `ScriptError` naming the line.
  public init(parsing text: String) throws(ScriptError) {
    steps = []
    for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let line = raw.last == "\r" ? raw.dropLast() : raw
      guard !line.isEmpty, !line.hasPrefix("#") else { continue }
      let parts = line.split(separator: " ", maxSplits: 1)
      let word = parts.first ?? ""
      let rest = parts.count > 1 ? String(parts[1]) : ""
      guard let step = Script.step(word, rest) else {
        throw ScriptError(line: index + 1, text: String(line))
      }
      steps.append(step)
    }
  }

  private static func step(_ word: Substring, _ rest: String) -> Step? {
    switch word {
    case "resize":
      let sides = rest.split(separator: "x").map { Int($0) }
      guard sides.count == 2, let width = sides[0], let height = sides[1] else { return nil }
      return .resize(Size(width: width, height: height))
    case "key", "keys":
      let keys = rest.split(separator: " ").map { Key(notation: String($0)) }
      let known = keys.compactMap(\.self)
      return known.count == keys.count && !known.isEmpty ? .keys(known) : nil
    case "type": return .type(rest)
    case "paste": return .paste(rest.split(separator: "\\n", omittingEmptySubsequences: false).joined(separator: "\n"))
    case "wait": return rest.isEmpty ? nil : .wait(rest)
    case "idle": return .idle
    case "dump": return .dump
    default: return nil
    }
  }

  /// Runs the steps and answers the dumps, each followed by an empty line.
  public func run<P: Program>(on runner: HeadlessRunner<P>) async throws(HeadlessTimeout) -> String {
    var output = ""
    for step in steps {
      switch step {
      case .resize(let size): await runner.feed(.resize(size))
      case .keys(let keys): await runner.press(keys)
      case .type(let text): await runner.type(text)
      case .paste(let text): await runner.feed(.paste(text))
      case .wait(let text): try await runner.wait(text: text)
      case .idle: try await runner.idle()
      case .dump: output += await runner.text() + "\n"
      }
    }
    return output
  }
}

/// A line of a script that is no step.
public struct ScriptError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The line, counted from 1.
  public let line: Int
  /// What it says.
  public let text: String

  /// One sentence for the operator.
  public var description: String {
    "line \(line) of the script is no step: \(SafeText.escape(text)); steps are resize, key, type, paste, wait, idle, dump"
  }
}
