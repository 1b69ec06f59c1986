import Testing

@testable import MeshModel

@Suite struct FindingTests {
  static func finding(_ code: String, of name: String = "reviews", at pointer: JSONPointer, _ words: String) -> Finding
  {
    Finding(
      code: code, severity: .error,
      object: ObjectRef(plane: "lab", namespace: "shop", kind: "virtualservice", name: name),
      pointer: pointer, message: words, remedy: "")
  }

  @Test("A problem is the same one at another place or in other words, but each only once")
  func whatIsNew() {
    let old = [Self.finding("MD1107", at: "/spec/http/0", "no subset v9")]
    let moved = Self.finding("MD1107", at: "/spec/http/1", "no subset v9")
    let reworded = Self.finding("MD1107", at: "/spec/http/0", "no subset v9, but v1")
    #expect([moved].subtracting(old).isEmpty)
    #expect([reworded].subtracting(old).isEmpty)
    #expect([moved, Self.finding("MD1107", at: "/spec/http/2", "no subset v9")].subtracting(old).count == 1)
    let others = [
      Self.finding("MD1101", at: "/spec/http/0", "no subset v9"),
      Self.finding("MD1107", of: "cart", at: "/spec/http/0", "no subset v9"),
      Self.finding("MD1107", at: "/spec/http/3", "no subset v8"),
    ]
    #expect(others.subtracting(old) == others)
  }
}
