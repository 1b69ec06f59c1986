import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

/// Lists with which a watch begins, and what happens where a server does not tell them.
@Suite(.timeLimit(.minutes(10))) struct StreamedListTests {
  private typealias Reply = ScriptedServer.Reply

  private static func added(_ name: String, _ version: String) -> String {
    Wire.event("ADDED", Wire.service(name, version: version))
  }

  private static func isInitial(_ request: HTTPRequest) -> Bool { request.query("sendInitialEvents") == "true" }

  @Test func theListIsTheBeginningOfTheWatch() async throws {
    // The versions of a list come in no order.
    let first = [
      Self.added("b", "9"), Self.added("a", "3"), Wire.endOfList("10"), Self.added("c", "11"),
    ]
    for pieces in [first, [first.joined()], first.joined().map { String($0) }] {
      let run = FeedRun(lists: [], watches: [.pieces(pieces)], streamsLists: true)
      try await run.run { $0.count(where: \.isWatch) >= 2 }
      #expect(run.lists.isEmpty)
      #expect(run.names == ["a", "b", "c"])
      let watches = run.watches
      #expect(watches.prefix(2).map(Self.isInitial) == [true, false])
      #expect(watches[0].query("resourceVersionMatch") == "NotOlderThan")
      #expect(watches[0].query("resourceVersion") == nil)
      #expect(watches[0].query("allowWatchBookmarks") == "true")
      #expect(watches[1].query("resourceVersion") == "11")
    }
  }

  @Test func nothingIsLiveBeforeTheListHasEnded() async throws {
    let run = FeedRun(
      lists: [], watches: [.pieces([Self.added("a", "3"), Wire.bookmark("4"), Wire.endOfList("10")])],
      streamsLists: true)
    try await run.run { $0.count(where: \.isWatch) >= 2 }
    let live = try #require(run.states.firstIndex { if case .live = $0 { true } else { false } })
    #expect(live > 0)
    #expect(run.states.prefix(live).allSatisfy { if case .loading = $0 { true } else { false } })
  }

  @Test func whatIsNotListedAgainIsGone() async throws {
    let run = FeedRun(
      lists: [],
      watches: [
        .pieces([Self.added("a", "3"), Self.added("b", "4"), Wire.endOfList("10")]),
        .pieces([Wire.event("ERROR", Wire.status(410, reason: "Expired"))]),
        .pieces([Self.added("b", "4"), Wire.endOfList("30")]),
      ], streamsLists: true)
    try await run.run { $0.count(where: \.isWatch) >= 4 }
    #expect(run.lists.isEmpty)
    #expect(run.names == ["b"])
    let watches = run.watches.prefix(4)
    #expect(watches.map(Self.isInitial) == [true, false, true, false])
    #expect(watches.map { $0.query("resourceVersion") ?? "-" } == ["-", "10", "10", "30"])
  }

  /// What comes in place of a whole list, and whether no other list of the server is asked for in this way any more.
  private static let failures: [(name: String, reply: Reply, isForAll: Bool)] = [
    ("a gate that is closed", .answer(422, Wire.status(422, reason: "Invalid")), true),
    ("a server that may not", .answer(403, Wire.status(403)), false),
    ("a stream that ends too early", .pieces([added("a", "3"), added("gone", "4")]), false),
    ("an ordinary bookmark is no end", .pieces([added("gone", "4"), Wire.bookmark("9")]), false),
    ("nonsense", .pieces([added("gone", "4"), "<html>\n"]), true),
    ("a failure in between", .pieces([added("gone", "4"), Wire.event("ERROR", Wire.status(500))]), true),
    ("a head that does not come", .failure(.timedOut(.firstByte)), true),
  ]

  @Test(arguments: failures.indices) func whatDoesNotComeToItsEndIsListedPageByPage(_ index: Int) async throws {
    let (name, failure, isForAll) = Self.failures[index]
    let run = FeedRun(
      lists: [
        .answer(200, Wire.list([Wire.service("a")], version: "20", next: "t")),
        .answer(200, Wire.list([Wire.service("b")], version: "20")),
      ], watches: [failure], streamsLists: true)
    try await run.run { $0.count(where: \.isWatch) >= 2 }
    #expect(run.names == ["a", "b"], "\(name)")
    #expect(run.lists.map { $0.query("resourceVersion") ?? "-" } == ["-", "-"], "\(name)")
    #expect(run.watches.prefix(2).map { $0.query("resourceVersion") ?? "-" } == ["-", "20"], "\(name)")
    #expect(run.listing.areStreamed != isForAll, "\(name)")
  }

  @Test func aListThatIsHeldBackOnTheWayIsReadPageByPageAfterTenSeconds() async throws {
    let run = FeedRun(
      lists: [KubernetesFeedTests.one], watches: [.pieces([Self.added("gone", "4")], staysOpen: true)],
      streamsLists: true)
    let feed = try run.feed()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await feed.run() }
      await run.server.wait { $0.contains(where: \.isWatch) }
      while !run.clock.advance(by: .zero) { await Task.yield() }
      #expect(run.lists.isEmpty)
      while run.server.requests.count(where: \.isWatch) < 2 {
        _ = run.clock.advance(by: .seconds(11))
        await Task.yield()
      }
      group.cancelAll()
      run.server.hangUp()
    }
    #expect(run.names == ["a"])
    let probes = run.server.requests.filter(\.isProbe)
    #expect(probes.isEmpty, "nobody asks where it stands")
  }

  @Test func aServerWhoseStorageCannotIsListedPageByPage() async throws {
    let recorded = String(decoding: try Recorded.bytes("watch/streaming-list.ndjson"), as: UTF8.self)
    let run = FeedRun(lists: [KubernetesFeedTests.one], watches: [.pieces([recorded])], streamsLists: true)
    try await run.run { $0.count(where: \.isWatch) >= 2 }
    #expect(run.names == ["a"])
    #expect(!run.watches.dropFirst().contains(where: Self.isInitial), "it is not asked again")
  }

  @Test(arguments: [
    ("v1.36.0+meshdeck", true), ("v1.32.3-eks-a18cd3a", true), ("v1.31.9", false), ("v1.20.2", false), ("v2.0.0", true),
    ("unknown", false), ("", false),
  ])
  func onlyAServerThatMayIsAsked(_ version: String, _ expected: Bool) async throws {
    let server = ScriptedServer { _, _ in .answer(200, #"{"gitVersion":"\#(version)"}"#) }
    let client = try KubernetesClient(
      plane: "p", connection: KubernetesConnection(context: "c", server: "http://127.0.0.1:1"),
      options: Session.Options(transport: { _ in server }))
    #expect(await client.mayStreamLists() == expected)
  }
}
