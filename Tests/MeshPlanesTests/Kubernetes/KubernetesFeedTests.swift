import MeshModel
import MeshTransport
import Testing

@testable import MeshPlanes

/// The faults of lists and watches, with every request counted.
@Suite(.timeLimit(.minutes(10))) struct KubernetesFeedTests {
  typealias Reply = ScriptedServer.Reply
  static let tooLarge = Reply.answer(504, Wire.status(504, reason: "Timeout", cause: "ResourceVersionTooLarge"))
  static let one = Reply.answer(200, Wire.list([Wire.service("a")], version: "10"))

  struct Row: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var lists: [Reply] = [KubernetesFeedTests.one]
    var watches: [Reply] = []
    /// What the feed asked: the resourceVersion of each list (`-` for none), then of each watch.
    var askedLists = ["-"]
    var askedWatches: [String]
    var names = ["a"]
  }

  static let rows: [Row] = [
    Row(
      testDescription: "F1 a watch that closes cleanly goes on from the last version without a list",
      watches: [
        .pieces([Wire.event("ADDED", Wire.service("b", version: "11"))]), .pieces([Wire.bookmark("20")]),
        .pieces([Wire.event("DELETED", Wire.service("b", version: "21"))]),
      ], askedWatches: ["10", "11", "20", "21"]),
    Row(
      testDescription: "F2 410 as a status lists at least as new as the last",
      lists: [one, .answer(200, Wire.list([Wire.service("b")], version: "30"))],
      watches: [.answer(410, Wire.status(410, reason: "Expired"))], askedLists: ["-", "10"],
      askedWatches: ["10", "30"], names: ["b"]),
    Row(
      testDescription: "F2 410 as an event lists at least as new as the last",
      lists: [one, .answer(200, Wire.list([Wire.service("a"), Wire.service("b")], version: "30"))],
      watches: [.pieces([Wire.event("ERROR", Wire.status(410, reason: "Expired"))])], askedLists: ["-", "10"],
      askedWatches: ["10", "30"], names: ["a", "b"]),
    Row(
      testDescription: "F2 410 to that list asks once for the newest",
      lists: [one, .answer(410, Wire.status(410, reason: "Expired")), .answer(200, Wire.list([], version: "40"))],
      watches: [.pieces([Wire.event("ERROR", Wire.status(410))])], askedLists: ["-", "10", "-"],
      askedWatches: ["10", "40"], names: []),
    Row(
      testDescription: "F3 429 on the watch four times never lists again",
      watches: Array(repeating: .answer(429, Wire.status(429)), count: 4),
      askedWatches: ["10", "10", "10", "10", "10"]),
    Row(
      testDescription: "500 on the watch is tried again without a list",
      watches: [.answer(500, Wire.status(500)), .answer(500, "boom")], askedWatches: ["10", "10", "10"]),
    Row(
      testDescription: "F4 a version larger than the server's lists without one",
      lists: [
        one, tooLarge, tooLarge, tooLarge, .answer(200, Wire.list([Wire.service("a")], version: "5")),
      ], watches: [.pieces([Wire.event("ERROR", Wire.status(410))])],
      // The session takes a 504 for a passing one and asks three times.
      askedLists: ["-", "10", "10", "10", "-"],
      askedWatches: ["10", "5"]),
    Row(
      testDescription: "F5 half a line and then the end goes on from the last whole event",
      watches: [.pieces([Wire.event("ADDED", Wire.service("b", version: "11")), #"{"type":"ADDED","obj"#])],
      askedWatches: ["10", "11"], names: ["a", "b"]),
    Row(
      testDescription: "F5 an event split over pieces is one event",
      watches: [.pieces([#"{"type":"ADDED","object":"#, Wire.service("b", version: "12"), "}", "\n"])],
      askedWatches: ["10", "12"], names: ["a", "b"]),
    Row(
      testDescription: "F5 two events on a line are refused and the watch goes on",
      watches: [.pieces([#"{"type":"BOOKMARK","object":{}}{"type":"BOOKMARK","object":{}}"# + "\n"])],
      askedWatches: ["10", "10"]),
    Row(
      testDescription: "F5 an event of 10 MB is an error and lists again",
      lists: [one, .answer(200, Wire.list([Wire.service("a")], version: "50"))],
      watches: [.pieces([String(repeating: "x", count: 10 << 20)])], askedLists: ["-", "-"],
      askedWatches: ["10", "50"]),
    Row(
      testDescription:
        "F6 events out of order converge: unknown deletes, changes before adds, doubles, versions that go back",
      watches: [
        .pieces([
          Wire.event("DELETED", Wire.service("never", version: "x")),
          Wire.event("MODIFIED", Wire.service("b", version: "abc")),
          Wire.event("ADDED", Wire.service("b", version: "3")), Wire.event("ADDED", Wire.service("b", version: "2")),
        ])
      ], askedWatches: ["10", "2"], names: ["a", "b"]),
    Row(
      testDescription: "F7 bookmarks alone move the version on",
      watches: [.pieces((11...70).map { Wire.bookmark(String($0)) })], askedWatches: ["10", "70"]),
    Row(
      testDescription: "F11 an expired page token restarts the list once",
      lists: [
        .answer(200, Wire.list([Wire.service("old")], version: "1", next: "t1")),
        .answer(410, Wire.status(410, reason: "Expired")),
        .answer(200, Wire.list([Wire.service("a")], version: "2", next: "t2")),
        .answer(200, Wire.list([Wire.service("b")], version: "2")),
      ], askedLists: ["-", "-", "-", "-"], askedWatches: ["2"], names: ["a", "b"]),
    Row(
      testDescription: "F11 an empty page with a token goes on",
      lists: [
        .answer(200, Wire.list([], version: "7", next: "t1")),
        .answer(200, Wire.list([Wire.service("a")], version: "7")),
      ], askedLists: ["-", "-"], askedWatches: ["7"]),
    Row(
      testDescription: "F11 the same token twice is a loop, told and tried anew",
      lists: [
        .answer(200, Wire.list([Wire.service("a")], version: "7", next: "t")),
        .answer(200, Wire.list([Wire.service("a")], version: "7", next: "t")),
        .answer(200, Wire.list([Wire.service("a")], version: "8")),
      ], askedLists: ["-", "-", "-"], askedWatches: ["8"]),
    Row(
      testDescription: "tokens that go in a circle are told and tried anew",
      lists: [
        .answer(200, Wire.list([Wire.service("a")], version: "7", next: "t")),
        .answer(200, Wire.list([Wire.service("a")], version: "7", next: "u")),
        .answer(200, Wire.list([Wire.service("a")], version: "7", next: "t")),
        .answer(200, Wire.list([Wire.service("a")], version: "8")),
      ], askedLists: ["-", "-", "-", "-"], askedWatches: ["8"]),
    Row(
      testDescription: "an item that cannot be read is passed over",
      lists: [
        .answer(200, Wire.list([Wire.service("a"), #"{"metadata":{"name":7}}"#, Wire.service("b")], version: "9"))
      ], askedWatches: ["9"], names: ["a", "b"]),
    Row(
      testDescription: "a server that is down at first is asked until it answers",
      lists: [.failure(.unreachable), .failure(.unreachable), .failure(.unreachable), one],
      askedLists: ["-", "-", "-", "-"], askedWatches: ["10"]),
  ]

  @Test(arguments: rows) func feedFollowsTheRule(_ row: Row) async throws {
    let run = FeedRun(lists: row.lists, watches: row.watches)
    let last = row.askedWatches.count
    try await run.run { $0.count(where: \.isWatch) >= last }
    #expect(run.lists.map { $0.query("resourceVersion") ?? "-" } == row.askedLists)
    #expect(run.watches.prefix(last).map { $0.query("resourceVersion") ?? "-" } == row.askedWatches)
    #expect(run.names == row.names)
    #expect(run.watches.allSatisfy { $0.query("allowWatchBookmarks") == "true" })
    #expect(run.watches.allSatisfy { (300...600).contains(Int($0.query("timeoutSeconds") ?? "") ?? 0) })
  }

  @Test func whatWasKnownStaysWhileTheServerIsAway() async throws {
    let run = FeedRun(
      lists: [Self.one], watches: [.failure(.connectionLost), .failure(.connectionLost), .failure(.connectionLost)])
    try await run.run { $0.count(where: \.isWatch) >= 4 }
    #expect(run.names == ["a"])
    #expect(run.states.contains { if case .stale(let why, _) = $0 { why.contains("scripted failure") } else { false } })
  }

  @Test func aDeniedListIsToldAndNotRepeatedForFiveMinutes() async throws {
    let run = FeedRun(lists: [.answer(403, Wire.status(403, message: "denied")), Self.one], watches: [])
    let feed = try run.feed()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await feed.run() }
      await run.server.wait { $0.count(where: \.isList) == 1 }
      // The pause begins only after the refusal was told.
      while !run.clock.advance(by: .zero) { await Task.yield() }
      #expect(run.states.last == .refused("list services: denied"))
      _ = run.clock.advance(by: .seconds(299))
      for _ in 0..<100 { await Task.yield() }
      #expect(run.lists.count == 1)
      _ = run.clock.advance(by: .seconds(2))
      await run.server.wait { $0.contains(where: \.isWatch) }
      group.cancelAll()
      run.server.hangUp()
    }
    #expect(run.names == ["a"])
  }

  @Test func whereAllIsDeniedTheOneNamespaceIsListedAndWatched() async throws {
    let run = FeedRun(
      lists: [.answer(403, Wire.status(403, message: "denied"))],
      watches: [.pieces([Wire.event("ADDED", Wire.service("b", version: "11"))]), .answer(410, Wire.status(410))],
      narrow: "shop",
      narrowLists: [Self.one, .answer(200, Wire.list([Wire.service("b", version: "30")], version: "30"))])
    try await run.run { $0.count(where: \.isWatch) >= 3 }
    #expect(run.lists.map { $0.url.contains("/namespaces/shop/services?") } == [false, true, true])
    #expect(run.watches.prefix(3).allSatisfy { $0.url.contains("/namespaces/shop/services?") })
    #expect(run.names == ["b"])
    #expect(run.states.contains { if case .live(_, "shop") = $0 { true } else { false } })
    #expect(!run.states.contains { if case .refused = $0 { true } else { false } })
  }

  @Test func whereThatNamespaceIsDeniedTooItIsToldAndAllIsAskedAgain() async throws {
    let denied = Reply.answer(403, Wire.status(403, message: "denied"))
    let run = FeedRun(lists: [denied, Self.one], watches: [], narrow: "shop", narrowLists: [denied])
    let feed = try run.feed()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await feed.run() }
      await run.server.wait { $0.count(where: \.isList) == 2 }
      while !run.clock.advance(by: .zero) { await Task.yield() }
      #expect(run.states.last == .refused("list services: denied"))
      _ = run.clock.advance(by: .seconds(301))
      await run.server.wait { $0.contains(where: \.isWatch) }
      group.cancelAll()
      run.server.hangUp()
    }
    #expect(run.lists.map { $0.url.contains("/namespaces/") } == [false, true, false])
    #expect(run.states.contains { if case .live(_, "") = $0 { true } else { false } })
  }

  @Test func whatWasListedWholeIsNotNarrowed() async throws {
    let run = FeedRun(
      lists: [Self.one, .answer(403, Wire.status(403, message: "denied"))],
      watches: [.pieces([Wire.event("ERROR", Wire.status(410))])], narrow: "other",
      narrowLists: [.answer(200, Wire.list([], version: "30"))])
    let feed = try run.feed()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await feed.run() }
      await run.server.wait { $0.count(where: \.isList) == 2 }
      while !run.clock.advance(by: .zero) { await Task.yield() }
      group.cancelAll()
      run.server.hangUp()
    }
    #expect(run.lists.allSatisfy { !$0.url.contains("/namespaces/") })
    #expect(run.names == ["a"])
    #expect(run.states.last == .refused("list services: denied"))
  }

  @Test func aSilentWatchIsDoubtedAfterNinetySecondsAndOpenedAnewWhereTheServerMovedOn() async throws {
    let run = FeedRun(
      lists: [Self.one], watches: [.pieces([], staysOpen: true)],
      probes: [.answer(200, Wire.list([], version: "10")), .answer(200, Wire.list([], version: "99"))])
    let feed = try run.feed()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await feed.run() }
      await run.server.wait { $0.contains(where: \.isWatch) }
      while !run.clock.advance(by: .zero) { await Task.yield() }
      let early = run.server.requests.count { $0.isProbe }
      #expect(early == 0)
      _ = run.clock.advance(by: .seconds(91))
      await run.server.wait { $0.contains(where: \.isProbe) }
      #expect(run.watches.count == 1)
      while run.server.requests.count(where: \.isProbe) < 2 {
        _ = run.clock.advance(by: .seconds(91))
        await Task.yield()
      }
      await run.server.wait { $0.count(where: \.isWatch) == 2 }
      group.cancelAll()
      run.server.hangUp()
    }
    #expect(run.lists.count == 1)
    let probes = run.server.requests.filter(\.isProbe)
    #expect(probes.allSatisfy { $0.query("fieldSelector") == "metadata.name=-" && $0.query("resourceVersion") == "0" })
  }

  @Test func objectsTooLargeForAPageComeInSmallerOnes() async throws {
    let run = FeedRun(
      lists: [
        .answer(200, Wire.list([Wire.service("a")], version: "10", next: "t")), .failure(.tooLarge),
        .failure(.tooLarge), .answer(200, Wire.list([Wire.service("b")], version: "10")),
      ], watches: [])
    try await run.run { $0.contains(where: \.isWatch) }
    #expect(run.lists.map { $0.query("limit") } == ["500", "500", "62", "7"])
    #expect(run.lists.map { $0.query("continue") } == [nil, "t", "t", "t"])
    #expect(run.names == ["a", "b"])
    #expect(!run.states.contains { if case .stale = $0 { true } else { false } })
  }

  @Test func anObjectTooLargeByItselfIsTold() async throws {
    let run = FeedRun(lists: Array(repeating: .failure(.tooLarge), count: 4) + [Self.one], watches: [])
    try await run.run { $0.contains(where: \.isWatch) }
    #expect(run.lists.compactMap { $0.query("limit") } == ["500", "62", "7", "1", "500"])
    #expect(run.states.contains { if case .stale = $0 { true } else { false } })
    #expect(run.names == ["a"])
  }

  @Test func slicesThatASelectorMadeAreNeitherListedNorWatched() async throws {
    let resource = CoreResources.endpointSlices
    let run = FeedRun(lists: [.answer(200, Wire.list([], version: "10"))], watches: [], of: resource)
    try await run.run { $0.contains(where: \.isWatch) }
    #expect(resource.selector.contains("managed-by!=endpointslice-controller.k8s.io"))
    #expect((run.lists + run.watches).allSatisfy { $0.query("labelSelector") == resource.selector })
  }

  @Test func tenThousandWatchesLeaveNothingBehind() async throws {
    let watches = (0..<10_000).map { Reply.pieces([Wire.event("ADDED", Wire.service("a", version: String(11 + $0)))]) }
    let run = FeedRun(lists: [Self.one], watches: watches)
    try await run.run { $0.count >= 10_002 }
    #expect(run.lists.count == 1)
    #expect(run.names == ["a"])
  }
}
