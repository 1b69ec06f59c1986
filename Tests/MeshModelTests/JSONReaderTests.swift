import MeshModel
import Testing

@Suite("JSON reader: RFC 8259")
struct JSONReaderTests {
  @Test(
    "accepts what the grammar allows",
    arguments: [
      "null", "true", "false", "0", "-0", "1", "-1", "10", "1.5", "0.0", "1e5", "1E+5", "1e-5", "-0.1e1", "\"\"", "[]",
      "{}", " [ ] ", "\t\r\n{ }\n", "[1,2]", "[ 1 , 2 ]", "{\"a\":1}", "{\"\":0}", "[[[]]]", "\"\\u0041\"",
      "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\u{7F}\"", "\"é\"", "\"\\uD83D\\uDE00\"", "\"\u{2028}\"",
      "{\"a\":1,\"a\":2}",
      "[null,true,false,0,\"\",[],{}]", "\u{FEFF}1",
    ])
  func accepts(_ text: String) throws {
    _ = try JSONValue(parsing: text)
  }

  @Test(
    "refuses what the grammar does not, saying where and which kind of fault",
    arguments: [
      ("", JSONError.Code.truncated, 0), (" ", .truncated, 1), ("[", .truncated, 1), ("[1", .truncated, 2),
      ("[1,", .truncated, 3), ("{\"a\"", .truncated, 4), ("{\"a\":", .truncated, 5), ("\"a", .truncated, 2),
      ("\"a\\", .truncated, 3), ("-", .truncated, 1), ("1.", .truncated, 2), ("1e", .truncated, 2),
      ("tru", .truncated, 3),
      ("nul", .truncated, 3), ("01", .malformed, 0), ("-01", .malformed, 0), ("1.e1", .malformed, 2),
      (".5", .malformed, 0), ("+1", .malformed, 0), ("0x1", .malformed, 1), ("1 2", .malformed, 2),
      ("[1,]", .malformed, 3),
      ("[,1]", .malformed, 1), ("[1 2]", .malformed, 3), ("[1}", .malformed, 2), ("{\"a\":1,}", .malformed, 7),
      ("{a:1}", .malformed, 1), ("{\"a\" 1}", .malformed, 5), ("{\"a\":1 \"b\":2}", .malformed, 7),
      ("{1:2}", .malformed, 1),
      ("'a'", .malformed, 0), ("NaN", .malformed, 0), ("Infinity", .malformed, 0), ("trux", .malformed, 3),
      ("truee", .malformed, 4), ("\"\n\"", .malformed, 1), ("\"\t\"", .malformed, 1), ("\"\u{0}\"", .malformed, 1),
      ("\"\\x\"", .malformed, 0), ("\"\\u12\"", .malformed, 0), ("\"\\u12G4\"", .malformed, 0),
      ("// c\n1", .malformed, 0),
      ("]", .malformed, 0), ("}", .malformed, 0), ("[1]]", .malformed, 3), ("{\"\\x\":1}", .malformed, 6),
      ("\u{A0}1", .malformed, 0),
    ] as [(String, JSONError.Code, Int)])
  func refuses(_ text: String, _ code: JSONError.Code, _ offset: Int) {
    do throws(JSONError) {
      let value = try JSONValue(parsing: text)
      Issue.record("accepted as \(value)")
    } catch {
      #expect(error.code == code)
      #expect(error.offset == offset)
      #expect(!error.description.isEmpty)
    }
  }

  @Test(
    "refuses invalid UTF-8 in strings and names",
    arguments: [
      [0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
      [0x22, 0xF5, 0x80, 0x80, 0x80, 0x22], [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D],
      [0x22, 0x5C, 0x6E, 0xFF, 0x22],
    ] as [[UInt8]])
  func refusesInvalidUTF8(_ bytes: [UInt8]) {
    #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
  }

  @Test("resolves escapes, and gives a lone surrogate as the replacement character")
  func escapes() throws {
    #expect(try JSONValue(parsing: #""\u00e9\/\b\f\n\r\t\"\\""#).string == "é/\u{8}\u{c}\n\r\t\"\\")
    #expect(try JSONValue(parsing: #""\ud83d\ude00""#).string == "😀")
    #expect(try JSONValue(parsing: #""a\ud83dz""#).string == "a\u{FFFD}z")
    #expect(try JSONValue(parsing: #""\udc00\ud800""#).string == "\u{FFFD}\u{FFFD}")
    #expect(try JSONValue(parsing: #""\u0000""#).string == "\0")
  }

  @Test("stops at the depth limit, neither before nor after, in reading and in passing over")
  func depth() throws {
    func nested(_ count: Int) -> [UInt8] {
      Array(String(repeating: "[", count: count).utf8) + Array(String(repeating: "]", count: count).utf8)
    }
    _ = try JSONValue(parsing: nested(64))
    for bytes in [nested(65), Array(String(repeating: "{\"a\":", count: 65).utf8), nested(100_000)] {
      do throws(JSONError) {
        _ = try JSONValue(parsing: bytes)
        Issue.record("accepted \(bytes.count) bytes")
      } catch { #expect(error.code == .tooDeep) }
      do throws(JSONError) {
        try JSONReader.read(bytes) { reader throws(JSONError) in try reader.skip() }
        Issue.record("passed over \(bytes.count) bytes")
      } catch { #expect(error.code == .tooDeep) }
    }
    try JSONReader.read(nested(3), depthLimit: 3) { reader throws(JSONError) in try reader.skip() }
    #expect(throws: JSONError.self) {
      try JSONReader.read(nested(4), depthLimit: 3) { reader throws(JSONError) in try reader.skip() }
    }
    // Depth is nesting, not the number of values beside each other.
    _ = try JSONValue(parsing: "[" + String(repeating: "[],{},", count: 1000) + "0]")
  }

  @Test("a tree has no more values than the limit; what is passed over does not count")
  func values() throws {
    let bytes = Array(#"{"a":[1,2,{"b":null}],"c":"d"}"#.utf8)
    _ = try JSONReader.read(bytes, valueLimit: 7) { reader throws(JSONError) in try reader.value() }
    do throws(JSONError) {
      _ = try JSONReader.read(bytes, valueLimit: 6) { reader throws(JSONError) in try reader.value() }
      Issue.record("accepted seven values")
    } catch { #expect(error.code == .tooMany) }
    try JSONReader.read(bytes, valueLimit: 0) { reader throws(JSONError) in try reader.skip() }
  }

  @Test("an object with many names, one of them twice, is read in time that grows with it alone")
  func repeatedNames() throws {
    let names = (0..<100_000).map { #""n\#($0)":\#($0)"# }.joined(separator: ",")
    let object = try JSONValue(parsing: #"{"twice":1,\#(names),"twice":2}"#)
    #expect(object["twice"]?.int == 2 && object["n99999"]?.int == 99_999)
    #expect(object.object?.members.count == 100_001)
  }

  @Test(
    "integers are exact: from a string or with a fraction of zero, never rounded",
    arguments: [
      ("10", 10), ("-7", -7), ("\"42\"", 42), ("10.0", 10), ("1e2", 100), ("9223372036854775807", Int.max),
      ("-9223372036854775808", Int.min), ("\"9223372036854775807\"", Int.max), ("0.0e99", 0), ("120e-1", 12),
      ("9.223372036854775807e18", Int.max),
    ])
  func integers(_ text: String, _ expected: Int) throws {
    let value = try JSONReader.read(Array(text.utf8)) { reader throws(JSONError) in try reader.int() }
    #expect(value == expected)
  }

  @Test(
    "an integer that is none, or does not fit, is out of range",
    arguments: [
      "1.5", "1e19", "9223372036854775808", "1e400", "1e99999999999999999999", "\"x\"", "\"\"", "\"0x10\"", "\"nan\"",
      "9007199254740993.5", "\"1 \"",
    ])
  func integersOutOfRange(_ text: String) {
    do throws(JSONError) {
      let value = try JSONReader.read(Array(text.utf8)) { reader throws(JSONError) in try reader.int() }
      Issue.record("read \(value)")
    } catch { #expect(error.code == .outOfRange) }
  }

  @Test("numbers: a spelling beyond floating point is out of range, and only the named non-numbers are read")
  func doubles() throws {
    func read(_ text: String) throws(JSONError) -> Double {
      try JSONReader.read(Array(text.utf8)) { reader throws(JSONError) in try reader.double() }
    }
    #expect(try read("1.25") == 1.25)
    #expect(try read("\"1.25\"") == 1.25)
    #expect(try read("1e-400") == 0)
    #expect(try read("\"NaN\"").isNaN)
    #expect(try read("\"Infinity\"") == .infinity)
    #expect(try read("\"-Infinity\"") == -.infinity)
    for text in ["1e400", "-1e400", "\"1e400\"", "\"0x1p3\"", "\"inf\"", "\"\"", "\" 1\"", "\"nan(0x1)\""] {
      #expect(throws: JSONError.self, "\(text)") { try read(text) }
    }
  }

  @Test("the type asked for is the type there: a wrong one is named as such")
  func wrongTypes() {
    func code(_ text: String, _ body: (inout JSONReader) throws(JSONError) -> Void) -> JSONError.Code? {
      do throws(JSONError) {
        try JSONReader.read(Array(text.utf8), body)
        return nil
      } catch { return error.code }
    }
    #expect(code("1") { reader throws(JSONError) in _ = try reader.string() } == .wrongType)
    #expect(code("\"a\"") { reader throws(JSONError) in _ = try reader.bool() } == .wrongType)
    #expect(
      code("[]") { reader throws(JSONError) in try reader.object { _, reader throws(JSONError) in try reader.skip() } }
        == .wrongType)
    #expect(
      code("{}") { reader throws(JSONError) in try reader.array { reader throws(JSONError) in try reader.skip() } }
        == .wrongType)
    #expect(code("true") { reader throws(JSONError) in _ = try reader.int() } == .wrongType)
    #expect(
      code("null") { reader throws(JSONError) in try reader.array { reader throws(JSONError) in try reader.skip() } }
        == nil)
  }

  @Test("a byte that ends or spoils a string is seen wherever it stands among the eight looked at together")
  func everyPlace() throws {
    func read(_ content: [UInt8], after space: Int) throws(JSONError) -> String {
      let text = Array(repeating: UInt8(ascii: " "), count: space) + [0x22] + content + [0x22]
      return try JSONReader.read(text) { reader throws(JSONError) in try reader.string() }
    }
    for length in 0...24 {
      let plain = Array("abcdefghijklmnopqrstuvwxyz".utf8.prefix(length))
      for space in 0..<8 {
        #expect(try read(plain, after: space) == String(decoding: plain, as: UTF8.self))
        for place in 0...length {
          func with(_ bytes: [UInt8]) -> [UInt8] { Array(plain[..<place]) + bytes + Array(plain[place...]) }
          let escaped = try read(with(Array(#"\""#.utf8)), after: space)
          #expect(escaped == String(decoding: with([0x22]), as: UTF8.self))
          #expect(
            try read(with(Array("é".utf8)), after: space) == String(decoding: with(Array("é".utf8)), as: UTF8.self))
          #expect(throws: JSONError.self) { try read(with([0x1F]), after: space) }
          #expect(throws: JSONError.self) { try read(with([0xFF]), after: space) }
        }
      }
    }
  }

  @Test("a value spelled in known bytes is passed over whole; another stays where it is")
  func known() throws {
    let known = Array(#"{"a":1}"#.utf8)
    let passed = try JSONReader.read(Array(#"[ {"a":1}, {"a":1} ,{"a":12}]"#.utf8)) { reader throws(JSONError) in
      try reader.list { reader throws(JSONError) in
        let isKnown = reader.pass(known)
        if !isKnown { try reader.skip() }
        return isKnown
      }
    }
    #expect(passed == [true, true, false])
    // Nothing is read behind the end.
    #expect(throws: JSONError.self) {
      try JSONReader.read(Array(#"{"a":1"#.utf8)) { reader throws(JSONError) in
        if !reader.pass(known) { try reader.skip() }
      }
    }
  }

  @Test("keys match by meaning, also when escaped; values pass as the bytes they are")
  func keys() throws {
    let text = #"{"n\u0061me":"x","raw": {"b" : [1, 2.0]} ,"int":3,"text":"4","map":{"a":"1","b":2,"c":null,"d":"4"}}"#
    var name = ""
    var raw: [UInt8] = []
    var either: [String] = []
    var map: [String: String] = [:]
    try JSONReader.read(Array(text.utf8)) { reader throws(JSONError) in
      try reader.object { key, reader throws(JSONError) in
        switch key {
        case "name": name = try reader.string()
        case "raw":
          let range = try reader.rawRange()
          raw = reader.copy(range)
        case "int", "text": either.append(try reader.intOrString())
        case "map": map = try reader.stringMap()
        default: try reader.skip()
        }
      }
    }
    #expect(name == "x")
    #expect(String(decoding: raw, as: UTF8.self) == #"{"b" : [1, 2.0]}"#)
    #expect(either == ["3", "4"])
    #expect(map == ["a": "1", "d": "4"])
  }
}
