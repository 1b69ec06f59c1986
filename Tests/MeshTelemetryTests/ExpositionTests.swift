import Foundation
import Testing

@testable import MeshTelemetry

@Suite("Exposition text")
struct ExpositionTests {
  struct Read: Equatable {
    var series: String
    var value: Double
    var seconds: Double?
  }

  static func read(_ text: String, chunk: Int = 1 << 20, prefix: String = "") -> (
    lines: [Read], faults: Int, first: Int?
  ) {
    var parser = ExpositionParser(prefixes: prefix.isEmpty ? [] : [prefix])
    var lines: [Read] = []
    let take: (ExpositionParser.Line) -> Void = {
      lines.append(Read(series: String(decoding: $0.series, as: UTF8.self), value: $0.value, seconds: $0.seconds))
    }
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: chunk) {
      parser.feed(Array(bytes[start..<min(start + chunk, bytes.count)]), take)
    }
    parser.finish(take)
    return (lines, parser.faults, parser.firstFault)
  }

  @Test("samples of both formats, cut into pieces of any size", arguments: [1, 2, 3, 7, 1000])
  func formats(_ chunk: Int) {
    let text = """
      # HELP a_total Something.
      # TYPE a_total counter
      a_total 1
      b{x="1",y="a } b \\" c"} 2.5 1700000000000
      c{x="1"} 3 1700000000.25 # {trace_id="abc"} 0.5 1700000000.1

      d{} +Inf\r
      e 12345678901234567890
      f\t-1.5e3
      {"odd.name",x="1"} 7
      g{x="#1"} 8
      h{x="a\\\\"} 9
      # EOF
      """
    let (lines, faults, _) = Self.read(text, chunk: chunk)
    #expect(faults == 0)
    #expect(
      lines == [
        Read(series: "a_total", value: 1),
        Read(series: #"b{x="1",y="a } b \" c"}"#, value: 2.5, seconds: 1_700_000_000),
        Read(series: #"c{x="1"}"#, value: 3, seconds: 1_700_000_000.25), Read(series: "d{}", value: .infinity),
        Read(series: "e", value: 12_345_678_901_234_567_168), Read(series: "f", value: -1500),
        Read(series: #"{"odd.name",x="1"}"#, value: 7), Read(series: ##"g{x="#1"}"##, value: 8),
        Read(series: #"h{x="a\\"}"#, value: 9),
      ])
  }

  @Test("a line that is no sample is counted, named and passed over")
  func faults() {
    let (lines, faults, first) = Self.read(
      "a 1\nb{x=\"1\" 2\nc\nd x\ne 5\nf 1 soon\nb{x=\"1\\\"} 2\n" + String(repeating: "x", count: 1 << 21) + "\ng 2\n")
    #expect(lines.map(\.series) == ["a", "e", "g"])
    #expect(faults == 6)
    #expect(first == 2)
    #expect(Self.read("a NaN\n").lines.first?.value.isNaN == true)
  }

  @Test("names and labels, their escapes resolved")
  func names() throws {
    func name(_ text: String) -> SeriesName? { SeriesName(Array(text.utf8)) }
    #expect(name("a:b_c1")?.metric == "a:b_c1")
    let read = try #require(name(#"m{ a = "x\\y\"z\n" , b="", c="é",}"#))
    #expect(read.labels == ["a": "x\\y\"z\n", "c": "é"])
    #expect(name(#"{"odd.name","odd label"="v"}"#)?.labels == ["odd label": "v"])
    #expect(name(#"{"odd.name"}"#)?.metric == "odd.name")
    for bad in ["", "{}", "m{a}", "m{a=1}", "m{a=\"1}", "m{=\"1\"}", "m{a=\"1\""] {
      #expect(name(bad) == nil, "\(bad)")
    }
  }

  @Test("the text of a real Envoy parses whole")
  func envoy() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Fixtures/Recordings/envoy/stats.prometheus.txt")
    let text = try String(contentsOf: file, encoding: .utf8)
    let expected = text.split(separator: "\n").count { !$0.hasPrefix("#") }
    let (lines, faults, _) = Self.read(text, chunk: 4096)
    #expect(faults == 0)
    #expect(lines.count == expected)
    #expect(lines.count > 500)
    #expect(lines.allSatisfy { SeriesName(Array($0.series.utf8)) != nil })
    #expect(lines.contains { $0.series.hasPrefix("envoy_cluster_upstream_rq_total{") })
  }
}
