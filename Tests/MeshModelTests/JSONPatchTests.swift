import MeshModel
import Testing

@Suite("JSON patch: RFC 6902 and RFC 7386")
struct JSONPatchTests {
  struct Example: Sendable, CustomTestStringConvertible {
    var name: String
    var document: String
    var patch: String
    /// The outcome, or `nil` where the patch must fail.
    var result: String?
    var testDescription: String { name }
  }

  /// RFC 6902 appendix A, and what it leaves open.
  static let examples: [Example] = [
    Example(
      name: "A.1 adding a member", document: #"{"foo":"bar"}"#, patch: #"[{"op":"add","path":"/baz","value":"qux"}]"#,
      result: #"{"foo":"bar","baz":"qux"}"#),
    Example(
      name: "A.2 adding an element", document: #"{"foo":["bar","baz"]}"#,
      patch: #"[{"op":"add","path":"/foo/1","value":"qux"}]"#, result: #"{"foo":["bar","qux","baz"]}"#),
    Example(
      name: "A.3 removing a member", document: #"{"baz":"qux","foo":"bar"}"#,
      patch: #"[{"op":"remove","path":"/baz"}]"#,
      result: #"{"foo":"bar"}"#),
    Example(
      name: "A.4 removing an element", document: #"{"foo":["bar","qux","baz"]}"#,
      patch: #"[{"op":"remove","path":"/foo/1"}]"#, result: #"{"foo":["bar","baz"]}"#),
    Example(
      name: "A.5 replacing a value", document: #"{"baz":"qux","foo":"bar"}"#,
      patch: #"[{"op":"replace","path":"/baz","value":"boo"}]"#, result: #"{"baz":"boo","foo":"bar"}"#),
    Example(
      name: "A.6 moving a value", document: #"{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}"#,
      patch: #"[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]"#,
      result: #"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#),
    Example(
      name: "A.7 moving an element", document: #"{"foo":["all","grass","cows","eat"]}"#,
      patch: #"[{"op":"move","from":"/foo/1","path":"/foo/3"}]"#, result: #"{"foo":["all","cows","eat","grass"]}"#),
    Example(
      name: "A.8 testing: success", document: #"{"baz":"qux","foo":["a",2,"c"]}"#,
      patch: #"[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]"#,
      result: #"{"baz":"qux","foo":["a",2,"c"]}"#),
    Example(
      name: "A.9 testing: error", document: #"{"baz":"qux"}"#, patch: #"[{"op":"test","path":"/baz","value":"bar"}]"#),
    Example(
      name: "A.10 adding a nested member", document: #"{"foo":"bar"}"#,
      patch: #"[{"op":"add","path":"/child","value":{"grandchild":{}}}]"#,
      result: #"{"foo":"bar","child":{"grandchild":{}}}"#),
    Example(
      name: "A.11 unrecognised elements are ignored", document: #"{"foo":"bar"}"#,
      patch: #"[{"op":"add","path":"/baz","value":"qux","xyz":123}]"#, result: #"{"foo":"bar","baz":"qux"}"#),
    Example(
      name: "A.12 adding to a target that does not exist", document: #"{"foo":"bar"}"#,
      patch: #"[{"op":"add","path":"/baz/bat","value":"qux"}]"#),
    Example(
      name: "A.14 escape order", document: #"{"/":9,"~1":10}"#, patch: #"[{"op":"test","path":"/~01","value":10}]"#,
      result: #"{"/":9,"~1":10}"#),
    Example(
      name: "A.15 comparing strings and numbers", document: #"{"/":9,"~1":10}"#,
      patch: #"[{"op":"test","path":"/~01","value":"10"}]"#),
    Example(
      name: "A.16 adding an array value", document: #"{"foo":["bar"]}"#,
      patch: #"[{"op":"add","path":"/foo/-","value":["abc","def"]}]"#, result: #"{"foo":["bar",["abc","def"]]}"#),
    Example(
      name: "add replaces a member in place", document: #"{"a":1,"b":2}"#,
      patch: #"[{"op":"add","path":"/a","value":3}]"#, result: #"{"a":3,"b":2}"#),
    Example(
      name: "add at the end index", document: "[1]", patch: #"[{"op":"add","path":"/1","value":2}]"#, result: "[1,2]"),
    Example(name: "add beyond the end", document: "[1]", patch: #"[{"op":"add","path":"/2","value":2}]"#),
    Example(name: "replace of what is not there", document: "{}", patch: #"[{"op":"replace","path":"/a","value":1}]"#),
    Example(name: "replace at the end mark", document: "[1]", patch: #"[{"op":"replace","path":"/-","value":1}]"#),
    Example(name: "remove of what is not there", document: "{}", patch: #"[{"op":"remove","path":"/a"}]"#),
    Example(
      name: "the whole document", document: "{}", patch: #"[{"op":"replace","path":"","value":[1]}]"#, result: "[1]"),
    Example(
      name: "a null value is a value", document: #"{"a":1}"#,
      patch: #"[{"op":"replace","path":"/a","value":null},{"op":"test","path":"/a","value":null}]"#,
      result: #"{"a":null}"#),
    Example(
      name: "testing for null what is missing fails", document: "{}",
      patch: #"[{"op":"test","path":"/a","value":null}]"#),
    Example(
      name: "copy", document: #"{"a":{"b":1}}"#,
      patch: #"[{"op":"copy","from":"/a","path":"/c"},{"op":"replace","path":"/c/b","value":2}]"#,
      result: #"{"a":{"b":1},"c":{"b":2}}"#),
    Example(
      name: "moving a value into itself", document: #"{"a":{"b":1}}"#,
      patch: #"[{"op":"move","from":"/a","path":"/a/b"}]"#),
    Example(
      name: "moving a value onto itself", document: #"{"a":1}"#, patch: #"[{"op":"move","from":"/a","path":"/a"}]"#,
      result: #"{"a":1}"#),
    Example(
      name: "test compares by meaning", document: #"{"a":{"x":1,"y":[1.0]}}"#,
      patch: #"[{"op":"test","path":"/a","value":{"y":[1],"x":1e0}}]"#, result: #"{"a":{"x":1,"y":[1.0]}}"#),
    Example(
      name: "nothing is kept of a patch that fails late", document: #"{"a":1}"#,
      patch: #"[{"op":"remove","path":"/a"},{"op":"remove","path":"/a"}]"#),
  ]

  @Test("the examples of RFC 6902", arguments: examples)
  func applies(_ example: Example) throws {
    let document = try JSONValue(parsing: example.document)
    let patch = try JSONPatch(json: JSONValue(parsing: example.patch))
    if let result = example.result {
      #expect(try patch.applied(to: document) == (try JSONValue(parsing: result)))
      #expect(try JSONPatch(json: patch.json) == patch)
    } else {
      #expect(throws: JSONPatchError.self) { try patch.applied(to: document) }
    }
  }

  @Test("a failure says which operation and which pointer")
  func failure() throws {
    let patch = JSONPatch([.test("/a", 1), .remove("/b/0")])
    do throws(JSONPatchError) {
      _ = try patch.applied(to: ["a": 1, "b": []])
      Issue.record("applied")
    } catch {
      #expect(error.code == .noSuchValue)
      #expect(error.pointer == "/b/0")
      #expect(error.index == 1)
      #expect(error.description.contains("/b/0"))
    }
    #expect(patch.changes == [.remove("/b/0")])
  }

  @Test(
    "what is not a patch is refused",
    arguments: [
      "{}", "null", #"[{"op":"add","path":"/a"}]"#, #"[{"op":"spam","path":"/a"}]"#, #"[{"op":"move","path":"/a"}]"#,
      #"[{"op":"remove","path":"a"}]"#, #"[{"op":"remove"}]"#, "[1]", #"[{"op":"copy","from":"a","path":"/a"}]"#,
    ])
  func malformed(_ text: String) throws {
    let value = try JSONValue(parsing: text)
    do throws(JSONPatchError) {
      let patch = try JSONPatch(json: value)
      Issue.record("read \(patch)")
    } catch { #expect(error.code == .malformed) }
  }

  @Test(
    "the table of RFC 7386 appendix A",
    arguments: [
      (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
      (#"{"a":"b"}"#, #"{"a":null}"#, "{}"), (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
      (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
      (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
      (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#), (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
      (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#), (#"{"a":"foo"}"#, "null", "null"), (#"{"a":"foo"}"#, #""bar""#, #""bar""#),
      (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#), ("[1,2]", #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
      ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
    ])
  func merges(_ original: String, _ patch: String, _ result: String) throws {
    let merged = try JSONValue(parsing: original).merging(JSONValue(parsing: patch))
    #expect(JSONWriter.text(merged) == result)
  }
}
