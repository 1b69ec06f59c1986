import MeshModel
import MeshTransport
import Synchronization
import Testing

@testable import MeshPlanes

/// What follows a Consul: blocking queries by index, and what is read again when they tell of news.
@Suite(.timeLimit(.minutes(10))) struct ConsulChangesTests {
  /// A clock whose pauses last a moment, whatever they are meant to last.
  struct BriskClock: TransportClock {
    func now() -> Duration { SystemClock().now() }
    func wallSeconds() -> Int { 1_767_225_600 }
    func sleep(for duration: Duration) async throws { try await Task.sleep(for: .milliseconds(2)) }
  }

  /// The weights of the stock's splitter in changes; `nil` where they do not tell of it.
  static func weights(_ changes: [MeshChange]) -> [Int?]? {
    for case .reset(let key, let entities) in changes where key.kind == "service-splitter" {
      for case .route(let route) in entities { return route.rules.first?.backends.map(\.weight) }
    }
    return nil
  }

  static func split(_ v1: Int, _ v2: Int) -> JSONValue {
    [
      "Kind": "service-splitter", "Name": "stock",
      "Splits": [
        ["Weight": .int(v1), "ServiceSubset": "v1"], ["Weight": .int(v2), "ServiceSubset": "v2"],
      ],
    ]
  }

  /// Questions that a server was asked to answer when something is newer than an index.
  static func waiting(_ consul: FakeConsul) -> [HTTPRequest] { consul.requests.filter { $0.url.contains("index=") } }

  /// How often everything was read.
  static func readings(_ consul: FakeConsul) -> Int { consul.requests.count { $0.url.contains("/connect/ca/roots") } }

  @Test func aNewIndexTellsOfNewsAndTheQuestionHoldsFiveMinutes() async throws {
    let consul = FakeConsul.stock()
    var seen: [[Int?]] = []
    for await changes in try consul.plane(clock: BriskClock()).changes() {
      if let weights = Self.weights(changes), weights != seen.last { seen.append(weights) }
      if seen.count == 1 { consul.store(Self.split(40, 60)) }
      if seen.count == 2 { break }
    }
    #expect(seen == [[9_000, 1_000], [4_000, 6_000]])
    let question = try #require(Self.waiting(consul).first)
    #expect(question.url.contains("wait=300s"))
    // The server may add a sixteenth, and it is cut only after that.
    #expect(question.deadlines.firstByte >= .seconds(300 + 300 / 16) && question.deadlines.idle == nil)
  }

  @Test func whatEndsWithoutNewsIsAskedAgainAndReadsNothing() async throws {
    let consul = FakeConsul.stock()
    let plane = try consul.plane(clock: BriskClock())
    let following = Task { for await _ in plane.changes() {} }
    while Self.waiting(consul).count < 60 || Self.readings(consul) == 0 { try await Task.sleep(for: .milliseconds(2)) }
    following.cancel()
    #expect(Self.readings(consul) == 1)
  }

  @Test func anIndexThatGoesBackwardsBeginsAnewFromNone() async throws {
    let consul = FakeConsul.stock()
    let plane = try consul.plane(clock: BriskClock())
    let following = Task { for await _ in plane.changes() {} }
    while Self.waiting(consul).count < 20 { try await Task.sleep(for: .milliseconds(2)) }
    let before = Self.readings(consul)
    // A server restored of a snapshot counts from an older index on.
    consul.change { $0.index = 3 }
    func questions() -> [String] {
      consul.requests.map(\.url).filter { $0.contains("/v1/config/service-splitter") }
    }
    while Self.readings(consul) == before || !questions().contains(where: { $0.contains("index=3&") }) {
      try await Task.sleep(for: .milliseconds(2))
    }
    following.cancel()
    let asked = questions()
    let last = try #require(asked.lastIndex { $0.contains("index=") && !$0.contains("index=3&") })
    let next = try #require(asked.firstIndex { $0.contains("index=3&") })
    #expect(asked[last..<next].contains { !$0.contains("index=") }, "after a reset it is asked without an index once")
  }

  @Test func aServerWithoutIndicesIsNotAskedWithoutEnd() {
    var index = ConsulIndex()
    #expect(index.take("12") == .changed && index.value == 12)
    #expect(index.take("12") == .unchanged)
    #expect(index.take("7") == .reset && index.value == 0)
    #expect(index.take("7") == .changed)
    #expect(index.take("0") == .reset && index.value == 1)
    #expect(index.take("nonsense") == .unchanged && index.value == 1)
    #expect(index.take(nil) == .reset && index.value == 0)
    #expect(index.take(nil) == .unchanged)
  }

  @Test func aPlaneThatFailsIsStaleAndComesBack() async throws {
    let consul = FakeConsul.stock()
    consul.change {
      $0.answers["/v1/catalog/services"] = HTTPResponse(status: 500, body: Array("No cluster leader".utf8))
    }
    var stale: String?
    for await changes in try consul.plane(clock: BriskClock()).changes() {
      for case .feed(_, .stale(let reason, _)) in changes { stale = reason }
      if stale != nil { consul.change { $0.answers = [:] } }
      if Self.weights(changes) != nil { break }
    }
    #expect(stale?.contains("No cluster leader") == true)
  }
}
