import MeshModel
import Testing

@Suite("JSON pointer: RFC 6901")
struct JSONPointerTests {
  /// The document of RFC 6901 §5.
  static let document = #"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#

  @Test(
    "the examples of §5",
    arguments: [
      ("/foo", #"["bar","baz"]"#), ("/foo/0", #""bar""#), ("/", "0"), ("/a~1b", "1"), ("/c%d", "2"), ("/e^f", "3"),
      ("/g|h", "4"), ("/i\\j", "5"), ("/k\"l", "6"), ("/ ", "7"), ("/m~0n", "8"), ("", JSONPointerTests.document),
    ])
  func examples(_ text: String, _ expected: String) throws {
    let document = try JSONValue(parsing: Self.document)
    let pointer = try #require(JSONPointer(text))
    #expect(document[pointer] == (try JSONValue(parsing: expected)))
    #expect(pointer.description == text)
  }

  @Test(
    "what leads nowhere gives nothing",
    arguments: [
      "/foo/2", "/foo/-", "/foo/00", "/foo/01", "/foo/+1", "/foo/-1", "/foo/a", "/foo/0/x", "/nope", "//", "/foo/",
    ])
  func nowhere(_ text: String) throws {
    let document = try JSONValue(parsing: Self.document)
    #expect(document[try #require(JSONPointer(text))] == nil)
  }

  @Test("a text that is no pointer is refused", arguments: ["foo", "#/foo", " /foo", "/~", "/a~2b", "/x~"])
  func refused(_ text: String) {
    #expect(JSONPointer(text) == nil)
  }

  @Test(
    "any token survives escaping, also one that Swift sees as part of another character",
    arguments: [
      ["~"], ["/"], ["~1"], ["~0"], ["~01"], ["~~//"], [""], ["", ""], ["a", "", "b"], ["/\u{301}"], ["~\u{301}"],
      ["a\u{301}/b"], ["\r\n"], ["istio.io/rev", "~x/y~"],
    ])
  func escaping(_ tokens: [String]) {
    let pointer = JSONPointer(tokens)
    #expect(JSONPointer(pointer.description)?.tokens == tokens)
  }

  @Test("below and above")
  func navigation() {
    let pointer: JSONPointer = "/spec/http"
    #expect(pointer.appending(0).appending("a/b").description == "/spec/http/0/a~1b")
    #expect(pointer.parent == "/spec")
    #expect(JSONPointer().parent == nil)
  }
}
