import Foundation
import MeshModel
import Testing

@Suite("JSON tree and writer")
struct JSONValueTests {
  @Test("every recording survives reading and writing: members in order, numbers as spelled, strings as meant")
  func roundTrip() throws {
    let texts = try Recordings.texts()
    #expect(texts.count > 15)
    for (label, bytes) in texts {
      let value = try JSONValue(parsing: bytes)
      let compact = JSONWriter.bytes(value)
      #expect(try JSONValue(parsing: compact) == value, "\(label)")
      #expect(try JSONValue(parsing: JSONWriter.bytes(value, indent: 2)) == value, "\(label)")
      let ours = try JSONDecoder().decode(FoundationTree.self, from: Data(compact))
      let theirs = try JSONDecoder().decode(FoundationTree.self, from: Data(bytes))
      #expect(ours == theirs, "\(label)")
      if !bytes.contains(UInt8(ascii: "\\")), bytes.allSatisfy({ $0 < 0x7F }) {
        #expect(compact == Self.withoutSpace(bytes), "\(label)")
      }
    }
  }

  /// The text without the space between tokens, for a text without escapes.
  static func withoutSpace(_ bytes: [UInt8]) -> [UInt8] {
    var inString = false
    return bytes.filter { byte in
      if byte == UInt8(ascii: "\"") { inString.toggle() }
      return inString || ![0x20, 0x0A, 0x0D, 0x09].contains(byte)
    }
  }

  @Test("the spelling of numbers and the order of members are kept")
  func spelling() throws {
    let text = #"{"z":1.0,"a":1e0,"m":[-0,0.10,12345678901234567890,1E+2],"a2":{}}"#
    #expect(JSONWriter.text(try JSONValue(parsing: text)) == text)
  }

  @Test("one repeated name among very many costs no search for each", .timeLimit(.minutes(1)))
  func repeatedNameAmongMany() throws {
    let count = 300_000
    let text =
      "{" + (0..<count).map { "\"n\($0)\":1" }.joined(separator: ",") + ",\"n7\":2,\"\u{E9}\":3,\"e\u{301}\":4}"
    let object = try #require(try JSONValue(parsing: text).object)
    #expect(object.members.count == count + 2, "names are one where their bytes are")
    #expect(object.members[7] == JSONObject.Member(name: "n7", value: 2))
  }

  @Test("a repeated name keeps the place of the first and the value of the last")
  func repeatedNames() throws {
    #expect(JSONWriter.text(try JSONValue(parsing: #"{"a":1,"b":2,"\u0061":3}"#)) == #"{"a":3,"b":2}"#)
  }

  @Test("names that only look alike stay two: composed and decomposed accents")
  func lookalikeNames() throws {
    let value = try JSONValue(parsing: #"{"\u00e9":1,"e\u0301":2}"#)
    #expect(value.object?.count == 2)
    #expect(value["\u{e9}"] == 1)
    #expect(value["e\u{301}"] == 2)
    #expect(!JSONValue.string("\u{e9}").isEquivalent(to: .string("e\u{301}")))
  }

  @Test("indented text, empty containers and nesting")
  func indented() throws {
    let value = try JSONValue(parsing: #"{"a":[],"b":{},"c":[1,{"d":null}]}"#)
    #expect(
      JSONWriter.text(value, indent: 2)
        == "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n      \"d\": null\n    }\n  ]\n}")
  }

  @Test("the indentation goes on beyond what is written at once")
  func deeplyIndented() throws {
    var value: JSONValue = 1
    for _ in 0..<40 { value = .array([value]) }
    let lines = JSONWriter.text(value, indent: 2).split(separator: "\n")
    #expect(lines.count == 81)
    for (number, line) in lines.enumerated() {
      #expect(line.prefix { $0 == " " }.count == 2 * min(number, 80 - number), "line \(number)")
    }
  }

  @Test("each character that JSON escapes is escaped wherever it stands, and the others never")
  func escapedInEveryPlace() throws {
    for byte in UInt8(0x20)...0x7F {
      for place in 0...17 {
        let text = String(repeating: "a", count: place) + String(UnicodeScalar(byte)) + String(repeating: "b", count: 9)
        let written = JSONWriter.text(.string(text))
        #expect(try JSONValue(parsing: written).string == text)
        let isPlain = byte != 0x22 && byte != 0x5C && byte != 0x7F
        #expect((written == "\"\(text)\"") == isPlain, "\(byte) at \(place)")
      }
    }
  }

  @Test("what could move a terminal's cursor or text direction is escaped, whatever plane it lies in")
  func escaping() throws {
    for scalar in ["\u{1B}", "\u{0}", "\u{7F}", "\u{9B}", "\u{202E}", "\u{2066}", "\u{200B}", "\u{FEFF}", "\u{E0041}"] {
      let text = JSONWriter.text(.string("a" + scalar + "z"))
      #expect(text.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "\(text)")
      #expect(try JSONValue(parsing: text).string == "a" + scalar + "z")
    }
    #expect(JSONWriter.text(.string("\"\\\n\r\té😀")) == #""\"\\\n\r\té😀""#)
  }

  @Test("members that are nil are left out, and a stream can be drained in the middle")
  func writing() {
    var writer = JSONWriter()
    writer.beginArray()
    writer.object { writer in
      writer.member("a", "x")
      writer.member("none", nil as String?)
      writer.member("n", 1)
      writer.member("d", 1.5)
      writer.member("i", Double.infinity)
      writer.member("b", false)
    }
    var first: [UInt8] = []
    writer.drain { first = Array($0) }
    #expect(writer.count == 0)
    writer.raw("7")
    writer.raw(bytes: Array("[]".utf8))
    writer.endArray()
    let text = String(decoding: first + writer.drain(), as: UTF8.self)
    #expect(text == #"[{"a":"x","n":1,"d":1.5,"i":null,"b":false},7,[]]"#)
  }

  @Test(
    "text of any length is written as it is read back",
    arguments: ["", "a", "\"", "\u{1}", "é", "數", "😀", "\u{E0041}", "a\u{202E}b\\", "plain text of 27 characters"])
  func lengths(_ piece: String) throws {
    for count in [1, 2, 7, 8, 9, 41, 42, 43, 85, 128, 255, 256, 257, 3_000] {
      let text = String(repeating: piece, count: count)
      let value: JSONValue = [
        "key \(text)": .array([.string(text), "", .number("1"), .object(JSONObject()), .array([])])
      ]
      for indent in [nil, 0, 2] {
        let written = JSONWriter.text(value, indent: indent)
        #expect(try JSONValue(parsing: written) == value, "\(count) at indent \(indent ?? -1)")
      }
    }
  }

  @Test("what is deep is written line by line, and an end too many does no harm")
  func depths() throws {
    var writer = JSONWriter(indent: 2)
    for _ in 0..<60 { writer.beginArray() }
    for _ in 0..<60 { writer.endArray() }
    let text = String(decoding: writer.drain(), as: UTF8.self)
    #expect(text.split(separator: "\n").count == 119)
    #expect(text.contains("\n" + String(repeating: " ", count: 118) + "[]\n"))
    writer.endObject()
    writer.endObject()
    #expect(String(decoding: writer.drain(), as: UTF8.self).filter { $0 == "}" }.count == 2)
  }

  @Test("who keeps a part that was handed on keeps it as it was")
  func handingOn() {
    var (writer, kept) = (JSONWriter(), ArraySlice<UInt8>())
    writer.string("first")
    writer.drain { kept = $0 }
    writer.string("second")
    #expect(String(decoding: kept, as: UTF8.self) == #""first""#)
    #expect(String(decoding: writer.drain(), as: UTF8.self) == #""second""#)
  }

  @Test(
    "numbers are equivalent by value and exactly so",
    arguments: [
      ("1", "1.0", true), ("1", "1e0", true), ("100", "1E+2", true), ("0", "-0", true), ("0e5", "0.00", true),
      ("0.1", "1e-1", true), ("1", "2", false), ("1", "-1", false), ("1", "10", false),
      ("9007199254740993", "9007199254740992", false), ("9007199254740993.0", "9007199254740993", true),
      ("1e400", "1e401", false), ("1e400", "10e399", true), ("1e99999999999999999999", "1e99999999999999999999", true),
      ("1e99999999999999999999", "1e99999999999999999998", false),
    ])
  func equivalence(_ left: String, _ right: String, _ expected: Bool) {
    #expect(JSONValue.number(left).isEquivalent(to: .number(right)) == expected)
    #expect(JSONValue.array([.number(right)]).isEquivalent(to: [.number(left)]) == expected)
  }

  @Test("objects are equivalent without order, arrays with it, types never across")
  func structuralEquivalence() throws {
    func value(_ text: String) throws -> JSONValue { try JSONValue(parsing: text) }
    #expect(try value(#"{"a":1,"b":[2]}"#).isEquivalent(to: value(#"{"b":[2.0],"a":1}"#)))
    #expect(try !value("[1,2]").isEquivalent(to: value("[2,1]")))
    #expect(try !value(#"{"a":null}"#).isEquivalent(to: value("{}")))
    #expect(try !value("\"1\"").isEquivalent(to: value("1")))
    #expect(try !value("false").isEquivalent(to: value("null")))
  }

  @Test("numbers from floating point: whole ones without a fraction, non-finite ones null")
  func fromDoubles() {
    #expect(JSONValue.double(3) == .number("3"))
    #expect(JSONValue.double(-0.5) == .number("-0.5"))
    #expect(JSONValue.double(.nan) == .null)
    #expect(JSONValue.double(-.infinity) == .null)
    #expect(JSONValue.double(1e300).double == 1e300)
    #expect(JSONValue.number("10.0").int == 10)
    #expect(JSONValue.number("9007199254740993.0").int == 9_007_199_254_740_993)
    #expect(JSONValue.number("10.5").int == nil)
    #expect(JSONValue.number("1e30").int == nil)
  }
}
