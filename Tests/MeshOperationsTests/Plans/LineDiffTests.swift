import Testing

@testable import MeshOperations

@Suite struct LineDiffTests {
  static func text(_ changes: [LineDiff.Change]) -> String {
    changes.map { change in
      switch change {
      case .kept(let line): " \(line)"
      case .removed(let line): "-\(line)"
      case .added(let line): "+\(line)"
      case .gap: "…"
      }
    }.joined(separator: "|")
  }

  @Test(
    arguments: [
      ("", "", ""), ("a b c", "a b c", ""), ("", "a", "+a"), ("a", "", "-a"), ("a b c", "a x c", " a|-b|+x| c"),
      ("a b c d e f", "a b c d e X", " e|-f|+X"), ("a b c d e f g h", "A b c d e f g H", "-a|+A| b|…| g|-h|+H"),
      ("a b c d", "A b c D", "-a|+A| b| c|-d|+D"), ("a", "b", "-a|+b"),
    ])
  func showsTheChangesWithTheirSurroundings(before: String, after: String, expected: String) {
    let lines = { (text: String) in text.split(separator: " ").map(String.init) }
    #expect(Self.text(LineDiff.hunks(lines(before), lines(after), context: 1)) == expected)
  }

  @Test func whatIsKeptAndAddedIsTheNewTextAndWhatIsKeptAndRemovedTheOld() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<200 {
      let before = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
        String(Int.random(in: 0...3, using: &generator))
      }
      let after = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
        String(Int.random(in: 0...3, using: &generator))
      }
      let changes = LineDiff.changes(before, after)
      let new = changes.compactMap {
        if case .kept(let line) = $0 { line } else if case .added(let line) = $0 { line } else { nil }
      }
      let old = changes.compactMap {
        if case .kept(let line) = $0 { line } else if case .removed(let line) = $0 { line } else { nil }
      }
      #expect(new == after)
      #expect(old == before)
    }
  }
}
