import Testing

@testable import MeshTelemetry

@Suite("PromQL text")
struct PromQLTests {
  /// Reads the matchers of a selector back, as PromQL's lexer would.
  static func matchers(_ selector: String) -> [String]? {
    var rest = selector.unicodeScalars[...]
    guard let brace = rest.firstIndex(of: "{") else { return nil }
    rest = rest[rest.index(after: brace)...]
    var found: [String] = []
    while true {
      let label = String(String.UnicodeScalarView(rest.prefix { $0 != "=" && $0 != "!" }))
      rest = rest.drop { $0 != "=" && $0 != "!" }
      let comparison = String(String.UnicodeScalarView(rest.prefix { $0 != "\"" }))
      rest = rest.drop { $0 != "\"" }.dropFirst()
      var value = ""
      scanning: while let scalar = rest.popFirst() {
        switch scalar {
        case "\"": break scanning
        case "\n": return nil
        case "\\":
          switch rest.popFirst() {
          case "n": value += "\n"
          case "r": value += "\r"
          case "t": value += "\t"
          case "u":
            let digits = String(String.UnicodeScalarView(rest.prefix(4)))
            rest = rest.dropFirst(4)
            guard let code = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(code) else { return nil }
            value.unicodeScalars.append(scalar)
          case let other?: value.unicodeScalars.append(other)
          case nil: return nil
          }
        default: value.unicodeScalars.append(scalar)
        }
      }
      found.append(label + comparison + value)
      switch rest.popFirst() {
      case ",": continue
      case "}": return rest.isEmpty ? found : nil
      default: return nil
      }
    }
  }

  @Test("whatever a name is, a parsed selector has exactly our conditions (H8)")
  func injection() throws {
    var names = [
      #"a"} or vector(1) #"#, "\\", "\\\"", "a\nb", "\"\"", "{}", ",b=\"c", "\u{0}\u{7F}\u{9B}", "é", "\u{301}\"", "",
    ]
    var generator = SystemRandomNumberGenerator()
    let alphabet = Array("ab\"\\{}=,~!#\n\t\r\u{0}\u{85}é/$`'".unicodeScalars)
    for _ in 0..<500 {
      var name = ""
      for _ in 0..<Int.random(in: 0...12, using: &generator) {
        name.unicodeScalars.append(alphabet.randomElement(using: &generator) ?? "a")
      }
      names.append(name)
    }
    for name in names {
      let conditions = [PromQL.Matcher("first", .equal, name), PromQL.Matcher("second", .notEqual, "x")].compactMap(
        \.self)
      let text = PromQL.selector("m", conditions)
      let read = try #require(Self.matchers(text), "\(text.debugDescription)")
      #expect(read.count == 2)
      #expect(read[0].unicodeScalars.elementsEqual(("first=" + name).unicodeScalars), "\(text.debugDescription)")
    }
  }

  @Test("a label's name is a name or the condition is refused", arguments: ["", "1a", "a-b", "a b", "a\"", "é"])
  func labelNames(_ name: String) {
    #expect(PromQL.Matcher(name, .equal, "x") == nil)
  }

  @Test("durations and literal patterns")
  func pieces() {
    #expect(PromQL.duration(60) == "60s")
    #expect(PromQL.duration(1.5) == "1500ms")
    #expect(PromQL.duration(0) == "1ms")
    #expect(PromQL.duration(.nan) == "1ms")
    #expect(PromQL.duration(.infinity) == "3200000000s")
    #expect(PromQL.literalPattern("a.b*(c)") == "a\\.b\\*\\(c\\)")
  }

  @Test(
    "range queries never ask for more points than a server gives (H6)",
    arguments: [1.0, 15, 3600, 2_592_000, 31_536_000] as [Double])
  func steps(_ span: Double) {
    for wanted in [0, 0.1, 1, 15, .nan, -5] as [Double] {
      let step = PrometheusAPI.step(from: 0, to: span, wanted: wanted)
      #expect(span / step + 1 <= 11_000)
      if wanted > span / 10_000 { #expect(step <= max(1, wanted.rounded(.up))) }
    }
    #expect(PrometheusAPI.time(1_700_000_000.5) == "1700000000.500")
    #expect(PrometheusAPI.time(0.007) == "0.007")
  }
}
