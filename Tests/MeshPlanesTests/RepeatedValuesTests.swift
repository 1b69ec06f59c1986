import MeshModel
import Testing

@testable import MeshPlanes

@Suite("Values that objects repeat")
struct RepeatedValuesTests {
  private final class Box: Sendable {
    let text: String
    init(_ text: String) { self.text = text }
  }

  private static func read(_ text: String, with values: RepeatedValues<Box>) throws -> [Box] {
    try JSONReader.read(Array(text.utf8)) { reader throws(JSONError) in
      try reader.list { reader throws(JSONError) in
        try values.value(&reader) { reader throws(JSONError) in
          let range = try reader.rawRange()
          return Box(String(decoding: reader.copy(range), as: UTF8.self))
        }
      }
    }
  }

  @Test("the same bytes are one value, others are read, and the oldest gives way")
  func keeping() throws {
    let values = RepeatedValues<Box>(limit: 2)
    let found = try Self.read(#"[{"a":1}, {"a":1},{"a":2},{"a": 1},{"a":1},{"a":2}]"#, with: values)
    #expect(found.map(\.text) == [#"{"a":1}"#, #"{"a":1}"#, #"{"a":2}"#, #"{"a": 1}"#, #"{"a":1}"#, #"{"a":2}"#])
    #expect(found[0] === found[1])
    // `{"a": 1}` took the place of the first.
    #expect(found[4] !== found[0])
    #expect(found[5] !== found[2])
  }

  @Test("what is not worth keeping is read each time")
  func choosing() throws {
    let values = RepeatedValues<Box>(limit: 4) { $0.text != "[]" }
    let found = try Self.read("[[],[],[1],[1]]", with: values)
    #expect(found[0] !== found[1])
    #expect(found[2] === found[3])
  }

  @Test("what cannot be read is not kept")
  func faults() throws {
    let values = RepeatedValues<Box>(limit: 4)
    #expect(throws: JSONError.self) { try Self.read(#"[{"a":}]"#, with: values) }
    #expect(throws: JSONError.self) { try Self.read(#"[{"a":}]"#, with: values) }
  }
}
