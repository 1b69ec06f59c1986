import MeshModel
import Testing

@testable import MeshEmulator

@Suite struct ObjectStoreTests {
  private let maps = ResourceID("configmaps")

  private func map(_ name: String, _ namespace: String = "ns", value: String = "1") -> JSONValue {
    [
      "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name), "namespace": .string(namespace)],
      "data": ["value": .string(value)],
    ]
  }

  @Test func objectsComeInOrderWhateverTheOrderOfWriting() throws {
    let store = ObjectStore()
    var names = (0..<3_000).map { "m\($0)" }
    names.shuffle()
    for name in names { try store.put(map(name, name.hasSuffix("7") ? "a" : "b")) }
    let stored = store.list(maps).map { "\($0.namespace)/\($0.name)" }
    #expect(stored == names.map { "\($0.hasSuffix("7") ? "a" : "b")/\($0)" }.sorted())
    #expect(store.list(maps, namespace: "a").count == 300)
    for name in names.prefix(1_500) { try store.delete(maps, namespace: name.hasSuffix("7") ? "a" : "b", name: name) }
    #expect(store.count(maps) == 1_500)
    #expect(Set(store.list(maps).map(\.name)) == Set(names.dropFirst(1_500)))
  }

  @Test func equalContentWritesNothing() throws {
    let store = ObjectStore()
    let first = try store.put(map("a"))
    let again = try store.put(map("a"))
    #expect(first.resourceVersion == again.resourceVersion)
    let other = try store.put(map("a", value: "2"))
    #expect(other.resourceVersion == first.resourceVersion + 1)
    #expect(other.json["metadata"]?["uid"] == first.json["metadata"]?["uid"])
  }

  @Test func writesOfUnservedKindsAndUnknownNamesAreRefused() throws {
    let store = ObjectStore()
    #expect(throws: StoreError(.malformed, "Foo x")) {
      try store.put(["apiVersion": "v1", "kind": "Foo", "metadata": ["name": "x"]])
    }
    #expect(throws: StoreError(.notFound, "configmaps \"x\"")) { try store.delete(maps, namespace: "ns", name: "x") }
    try store.create(map("a"))
    #expect(throws: StoreError(.alreadyExists, "configmaps \"a\"")) { try store.create(map("a")) }
  }

  @Test func aFollowerSeesEveryChangeInOrder() async throws {
    let store = ObjectStore()
    let before = store.resourceVersion
    try store.put(map("a"))
    async let seen = store.changes(since: before).prefix(3).reduce(into: [String]()) {
      $0.append("\($1.kind) \($1.object.name) \($1.revision - before)")
    }
    try store.put(map("a", value: "2"))
    try store.delete(maps, namespace: "ns", name: "a")
    #expect(await seen == ["added a 1", "modified a 2", "deleted a 3"])
  }

  @Test func aFollowerThatFellBehindEnds() async throws {
    let store = ObjectStore(window: 2)
    for index in 0..<8 { try store.put(map("m\(index)")) }
    var count = 0
    for await _ in store.changes(since: 1) { count += 1 }
    #expect(count == 0)
    #expect(throws: StoreError.self) { try store.changes(after: 1) }
  }

  @Test(arguments: [
    (0, "1970-01-01T00:00:00Z"), (1_795_345_317, "2026-11-22T11:01:57Z"), (951_782_400, "2000-02-29T00:00:00Z"),
  ])
  func timesAreSpelledInUTC(seconds: Int, text: String) {
    #expect(Timestamp.text(seconds) == text)
    #expect(Timestamp.seconds(text) == seconds)
  }

  @Test(arguments: [
    (45, "45s"), (119, "119s"), (200, "3m20s"), (3_600, "60m"), (10_800, "3h"), (90_000, "25h"), (604_800, "7d"),
  ])
  func agesAreSpelledAsKubectlDoes(seconds: Int, text: String) {
    #expect(Timestamp.age(seconds: seconds) == text)
  }
}
