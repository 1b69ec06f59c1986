import Synchronization

/// The samples of some minutes, as a Prometheus keeps what it scrapes.
final class SeriesHistory: Sendable {
  /// A series and its samples, the oldest first.
  struct Series: Sendable {
    /// The labels, its metric's name as `__name__`.
    var labels: [String: String]
    var samples: [Sample]
  }

  /// A value at a time in seconds since 1970.
  struct Sample: Sendable {
    var seconds: Double
    var value: Double
  }

  /// The seconds that samples are kept.
  static let kept = 3_600.0
  /// The seconds between two scrapes.
  static let interval = 5.0

  private struct State {
    var series: [String: Series] = [:]
    var newest = -Double.infinity
  }

  private let state = Mutex(State())

  /// Takes a scrape of a time where the last one is old enough.
  func take(at seconds: Double, _ scrape: () -> [UInt8]?) {
    guard state.withLock({ seconds - $0.newest >= Self.interval }), let text = scrape() else { return }
    state.withLock { state in
      guard seconds - state.newest >= Self.interval else { return }
      state.newest = seconds
      for line in text.split(separator: 0x0A) where line.first != UInt8(ascii: "#") {
        guard let space = line.lastIndex(of: 0x20) else { continue }
        let name = String(decoding: line[..<space], as: UTF8.self)
        guard let value = Double(String(decoding: line[line.index(after: space)...], as: UTF8.self)) else { continue }
        state.series[name, default: Series(labels: Self.labels(name), samples: [])].samples.append(
          Sample(seconds: seconds, value: value))
      }
      for name in state.series.keys {
        state.series[name]?.samples.removeAll { $0.seconds < seconds - Self.kept }
        if state.series[name]?.samples.isEmpty == true { state.series[name] = nil }
      }
    }
  }

  /// Every series, in order of name.
  var all: [Series] { state.withLock { $0.series.sorted { $0.key < $1.key }.map(\.value) } }

  /// The labels of a line's name: `metric{label="value",…}`, with the escapes of the exposition format.
  static func labels(_ text: String) -> [String: String] {
    var rest = text[...]
    var labels = ["__name__": String(rest.prefix { $0 != "{" })]
    rest = rest.drop { $0 != "{" }.dropFirst()
    while let equals = rest.firstIndex(of: "=") {
      let label = String(rest[..<equals].drop { $0 == "," })
      rest = rest[equals...].dropFirst(2)
      var value = ""
      while let character = rest.popFirst(), character != "\"" {
        guard character == "\\", let escaped = rest.popFirst() else {
          value.append(character)
          continue
        }
        value.append(escaped == "n" ? "\n" : escaped)
      }
      labels[label] = value
    }
    return labels
  }
}
