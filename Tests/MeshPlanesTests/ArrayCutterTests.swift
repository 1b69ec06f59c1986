import Testing

@testable import MeshPlanes

@Suite struct ArrayCutterTests {
  private static func cut(_ text: String, pieces size: Int) -> (objects: [String], isWhole: Bool) {
    var cutter = ArrayCutter()
    var objects: [String] = []
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: size) {
      cutter.feed(Array(bytes[start..<min(start + size, bytes.count)])) {
        objects.append(String(decoding: $0, as: UTF8.self))
      }
    }
    return (objects, cutter.isWhole)
  }

  @Test(arguments: [1, 2, 3, 7, 1000])
  func cutsObjectsWhereverThePiecesEnd(size: Int) {
    let objects = [
      #"{"a":"}]\"{"}"#, #"{"b":[{"c":[]}]}"#, "{}", #"{"a text of many words \\": "and \\\" one } with ] brackets"}"#,
    ]
    let found = Self.cut(" [" + objects.joined(separator: " ,\n") + "] \n", pieces: size)
    #expect(found.objects == objects)
    #expect(found.isWhole)
  }

  @Test func anEmptyListOfGoIsWholeAndHoldsNothing() {
    for text in ["null", " null\n", "[]", "[ ]"] {
      let found = Self.cut(text, pieces: 2)
      #expect(found.objects.isEmpty)
      #expect(found.isWhole)
    }
  }

  @Test func whatIsNoListOfObjectsOrEndsEarlyIsNotWhole() {
    for text in ["", "nul", "nullnull", "{}", "[{}", "[1]", "[{}] x", "<html>"] {
      #expect(!Self.cut(text, pieces: 3).isWhole)
    }
  }
}
