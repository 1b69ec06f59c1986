import MeshModel
import Testing

@testable import MeshPlanes

@Suite("What the objects that changed last ask for")
struct LatestSpecsTests {
  private let dialect = IstioDialect()

  private func route(_ name: String, weight: Int, note: String, regex: String = "a") throws -> Route {
    let text = """
      {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
       "metadata": {"name": "\(name)", "namespace": "shop", "resourceVersion": "\(note)", "annotations": {"note": "\(note)"}},
       "spec": {"hosts": ["web"], "http": [{"match": [{"uri": {"regex": "\(regex)"}}], "route": [{"destination": {"host": "web"}, "weight": \(weight)}]}]}}
      """
    let entities = try changed(text, .virtualService)
    guard case .route(let route)? = entities.first, entities.count == 1 else { throw MeshError(.malformed, "no route") }
    return route
  }

  private func changed(_ text: String, _ kind: IstioKind) throws -> [Entity] {
    try JSONReader.read(Array(text.utf8)) { reader throws(JSONError) in
      try dialect.watchedEntities(
        of: kind.resource, apiVersion: "networking.istio.io/v1", plane: "east", from: &reader)
    }
  }

  private func place(_ rules: [Rule]) -> UnsafePointer<Rule>? { rules.withUnsafeBufferPointer(\.baseAddress) }

  @Test func rulesThatAChangeLeavesAloneAreNotReadAgain() throws {
    let first = try route("web", weight: 90, note: "1")
    let second = try route("web", weight: 90, note: "2")
    #expect(second.version == "2" && second.rules == first.rules)
    #expect(place(second.rules) == place(first.rules))
    let third = try route("web", weight: 80, note: "3")
    #expect(third.rules[0].backends[0].weight == 80)
    #expect(try route("web", weight: 90, note: "4").rules == first.rules)
  }

  @Test func manyObjectsKeepWhatIsTheirs() throws {
    for turn in 1...2 {
      for weight in 0..<700 {
        let route = try route("web-\(weight)", weight: weight, note: "\(turn)")
        #expect(route.rules[0].backends[0].weight == weight && route.ref.name == "web-\(weight)")
      }
    }
  }

  @Test(arguments: [#"}\"]{"#, #"\\"#, #"[[{\\\""#, #"\u007d"#])
  func signsInTextsEndNothing(regex: String) throws {
    for _ in 1...2 {
      for weight in [90, 80] {
        #expect(try route("web", weight: weight, note: "1", regex: regex).rules[0].backends[0].weight == weight)
      }
    }
  }

  @Test func whatIsLargeIsNotKept() throws {
    let regex = String(repeating: "a", count: 20_000)
    let (first, second) = (
      try route("web", weight: 1, note: "1", regex: regex), try route("web", weight: 1, note: "2", regex: regex)
    )
    #expect(first.rules == second.rules && place(first.rules) != place(second.rules))
  }

  @Test func theSameBytesAskForSomethingElseInAnotherKind() throws {
    let metadata = #""metadata": {"name": "a", "namespace": "shop"}"#
    let spec = #""spec": {"hosts": ["web"], "selector": {"app": "web"}}"#
    let kinds: [IstioKind] = [.virtualService, .gateway, .serviceEntry, .peerAuthentication]
    let given = try kinds.map { try changed("{\(metadata), \(spec)}", $0).map(\.ref.kind).first }
    #expect(given == kinds.map(\.rawValue))
  }

  @Test func whatCannotBeReadIsReadAnewEachTime() throws {
    let text = #"{"metadata": {"name": "a", "namespace": "shop"}, "spec": {"hosts": [1, "a"], "http": 7}}"#
    for _ in 1...2 { #expect(throws: JSONError.self) { try changed(text, .virtualService) } }
  }
}
