import MeshModel
import MeshTransport
import Synchronization

@testable import MeshPlanes

/// One feed over services, driven by scripted answers to lists and watches, and what came of it.
final class FeedRun: Sendable {
  let server: ScriptedServer
  let clock: ScriptedClock
  private let resource: DialectResource
  private let namespace: String?
  /// Whether the server is still asked for lists as the beginning of watches.
  let listing: StreamedLists
  private let gathered = Mutex<(snapshot: MeshSnapshot, states: [FeedState])>((MeshSnapshot(), []))

  /// The scripts are used up in order; after the last watch the next one stays open.
  init(
    lists: [ScriptedServer.Reply], watches: [ScriptedServer.Reply], probes: [ScriptedServer.Reply] = [],
    of resource: DialectResource = CoreResources.services, narrow namespace: String? = nil,
    narrowLists: [ScriptedServer.Reply] = [], streamsLists: Bool = false
  ) {
    listing = StreamedLists(streamsLists)
    clock = streamsLists ? ScriptedClock(holding: ResourceFeed.listSilence) : ScriptedClock()
    self.resource = resource
    self.namespace = namespace
    server = ScriptedServer { request, count in
      if request.isWatch { return count < watches.count ? watches[count] : .pieces([], staysOpen: true) }
      if request.isProbe { return count < probes.count ? probes[count] : .failure(.unreachable) }
      let lists = request.url.contains("/namespaces/") ? narrowLists : lists
      return count < lists.count ? lists[count] : .answer(500, "no more lists in the script")
    }
  }

  var snapshot: MeshSnapshot { gathered.withLock { $0.snapshot } }
  var states: [FeedState] { gathered.withLock { $0.states } }
  var names: [String] { snapshot.services.keys.map(\.name).sorted() }
  var lists: [HTTPRequest] { server.requests.filter(\.isList) }
  var watches: [HTTPRequest] { server.requests.filter(\.isWatch) }

  /// Runs the feed until so many watches were opened (or the condition holds), then stops it.
  func run(until condition: @escaping @Sendable ([HTTPRequest]) -> Bool) async throws {
    let feed = try feed()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await feed.run() }
      await server.wait(until: condition)
      group.cancelAll()
      server.hangUp()
    }
  }

  func feed() throws -> ResourceFeed {
    var options = Session.Options()
    options.clock = clock
    options.gate = OriginGate()
    options.rate = RateLimit(perSecond: 1_000_000, burst: 1_000_000)
    options.random = { 0.5 }
    let server = server
    options.transport = { _ in server }
    let client = try KubernetesClient(
      plane: "p", connection: KubernetesConnection(context: "c", server: "http://127.0.0.1:1"), options: options)
    let reader = ResourceReader(
      resource: resource,
      served: APIIndex.Resource(
        group: resource.group, version: "v1", plural: resource.plural, kind: "Service", isNamespaced: true,
        verbs: ["list", "watch"]),
      dialect: nil)
    return ResourceFeed(
      reader,
      ResourceFeed.Context(
        client: client, clock: clock, random: { 0.5 }, gate: ListGate(4), namespace: namespace,
        lists: listing,
        emit: { [self] changes in take(changes) }))
  }

  private func take(_ changes: [MeshChange]) {
    gathered.withLock { gathered in
      for change in changes {
        gathered.snapshot.apply(change)
        if case .feed(_, let state) = change { gathered.states.append(state) }
      }
    }
  }
}

/// Texts of the Kubernetes API.
enum Wire {
  static func service(_ name: String, version: String = "1", uid: String = "u") -> String {
    """
    {"metadata":{"name":"\(name)","namespace":"shop","uid":"\(uid)","resourceVersion":"\(version)"},\
    "spec":{"ports":[{"name":"http","port":80,"targetPort":8080}]}}
    """
  }

  static func list(_ items: [String], version: String, next: String = "") -> String {
    let token = next.isEmpty ? "" : #","continue":"\#(next)""#
    return """
      {"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"\(version)"\(token)},\
      "items":[\(items.joined(separator: ","))]}
      """
  }

  static func event(_ type: String, _ object: String) -> String { #"{"type":"\#(type)","object":\#(object)}"# + "\n" }

  static func bookmark(_ version: String) -> String {
    event("BOOKMARK", #"{"kind":"Service","metadata":{"resourceVersion":"\#(version)"}}"#)
  }

  /// The bookmark that ends the list with which a watch begins.
  static func endOfList(_ version: String) -> String {
    event(
      "BOOKMARK",
      #"{"kind":"Service","metadata":{"resourceVersion":"\#(version)","annotations":{"k8s.io/initial-events-end":"true"}}}"#
    )
  }

  static func status(_ code: Int, reason: String = "", message: String = "m", cause: String = "") -> String {
    let details = cause.isEmpty ? "" : #","details":{"causes":[{"reason":"\#(cause)","message":"x"}]}"#
    return
      #"{"kind":"Status","status":"Failure","code":\#(code),"reason":"\#(reason)","message":"\#(message)"\#(details)}"#
  }
}
