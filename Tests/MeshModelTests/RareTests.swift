import Testing

@testable import MeshModel

/// A value that most things do not have.
@Suite struct RareTests {
  private struct Holder: Hashable {
    @Rare var text: String?
    @Rare var number: Int?
  }

  @Test func absenceTakesAWordAndIsNil() {
    #expect(MemoryLayout<Rare<String>>.size == MemoryLayout<Int>.size)
    let holder = Holder()
    #expect(holder.text == nil && holder.number == nil)
  }

  @Test func equalValuesInTwoBoxesAreEqualAndHashAlike() {
    let (one, other) = (Holder(text: "a", number: 1), Holder(text: "a", number: 1))
    #expect(one == other)
    #expect(one.hashValue == other.hashValue)
    #expect(one != Holder(text: "b", number: 1))
    #expect(one != Holder(text: nil, number: 1) && Holder() != one)
  }

  @Test func aCopyIsAValueOfItsOwn() {
    let one = Holder(text: "a")
    var other = one
    other.text = "b"
    #expect(one.text == "a" && other.text == "b")
    other.text = nil
    #expect(one.text == "a" && other == Holder())
  }
}
