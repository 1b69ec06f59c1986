import Dashboard
import MeshKit

/// `get objects`: native objects as the control plane has them.
struct NativeList {
  let deck: Deck
  let options: GlobalOptions

  /// The objects of a kind, or of all that make up a plane's mesh configuration, of every plane that answers; a plane that
  /// fails is named on standard error, and only where all fail is there nothing.
  func read(kind: String?, namespace: String?) async throws -> [NativeObject] {
    let outcomes = await withTaskGroup(of: Result<[NativeObject], MeshError>.self) { group in
      for connection in deck.live.connections {
        group.addTask { await Self.outcome(connection, kind: kind, namespace: namespace) }
      }
      var outcomes: [Result<[NativeObject], MeshError>] = []
      for await outcome in group { outcomes.append(outcome) }
      return outcomes
    }
    var objects: [NativeObject] = []
    var failures: [MeshError] = []
    for outcome in outcomes {
      switch outcome {
      case .success(let found): objects += found
      case .failure(let error): failures.append(error)
      }
    }
    if failures.count == outcomes.count, let first = failures.first { throw first }
    for failure in failures { Console.note(failure.description) }
    return objects.sorted { $0.ref < $1.ref }
  }

  /// What reading a plane came to: a function of its own, since Swift 6.3's optimiser breaks a task's closure that catches.
  private static func outcome(
    _ connection: PlaneConnection, kind: String?, namespace: String?
  ) async -> Result<[NativeObject], MeshError> {
    var objects: [NativeObject] = []
    let configuration = await connection.control.configurationKinds
    let kinds = kind.map { [$0.lowercased()] } ?? configuration
    if kinds.isEmpty { Console.note("\(connection.name): it holds no mesh configuration of its own; name a kind") }
    for kind in kinds {
      do throws(MeshError) {
        objects += try await connection.control.natives(kind, namespace: namespace)
      } catch {
        // A kind that was not asked for by name and is not served is no failure.
        guard kinds.count == 1 || error.code != .notFound else { continue }
        var failure = error
        failure.plane = failure.plane ?? connection.name
        return .failure(failure)
      }
    }
    return .success(objects)
  }

  func write(_ objects: [NativeObject]) throws {
    let console = options.console
    switch options.output {
    case .json, .yaml:
      let list: JSONValue = ["apiVersion": "v1", "kind": "List", "items": .array(objects.map(\.json))]
      try console.write(list, as: options.output)
    case .name: for object in objects { try console.line(object.ref.description) }
    case .table, .wide:
      var table = TextTable(console, ["NAMESPACE", "KIND", "!NAME", "API VERSION", "VERSION"])
      for object in objects {
        table.row([
          object.ref.namespace, object.ref.kind, object.ref.name, object.json["apiVersion"]?.string ?? "",
          object.version,
        ])
      }
      try table.write()
    }
  }
}

/// `get routes -o json` page by page: nothing of a page stays in memory once it is written.
struct RouteStream {
  let deck: Deck
  let options: GlobalOptions

  func write(namespace: String?) async throws {
    let output = StreamedRoutes(console: options.console)
    var planes: [PlaneStatus] = []
    var failure: MeshError?
    for connection in deck.live.connections {
      do throws(MeshError) {
        try await connection.control.read(Get.Kind.routes.native, namespace: namespace) { changes in
          await output.write(changes) { connection.control.rules(for: $0.dialect)?.unreachableRules(of: $0) ?? [:] }
        }
        let gap = await output.gap
        planes.append(
          PlaneStatus(plane: await connection.control.plane, state: gap == nil ? .live : .degraded, error: gap))
        if let gap { Console.note("\(connection.name): \(gap)") }
      } catch {
        failure = error
        planes.append(PlaneStatus(plane: await connection.control.plane, state: .down, error: error.description))
      }
    }
    let isDown = planes.allSatisfy { $0.state == .down }
    // What was begun is ended as a whole document, which names the failure; what was not begun stays unsaid.
    if let failure, isDown, await !output.hasBegun { throw failure }
    try await output.finish(planes)
    if let failure, isDown { throw failure }
  }
}

/// The routes written so far.
private actor StreamedRoutes {
  private var writer = ListWriter(kind: "RouteList")
  private var failure: (any Error)?
  /// Whether anything was written.
  private(set) var hasBegun = false
  /// What was passed over.
  private(set) var gap: String?
  private let console: Console

  /// How much is written together: few calls, and memory that stays in the processor's cache.
  private static let pieceSize = 64 << 10

  init(console: Console) { self.console = console }

  func write(_ changes: [MeshChange], unreachable: @Sendable (Route) -> [Int: String]) {
    for change in changes {
      switch change {
      case .feed(_, .stale(let reason, _)): gap = reason
      case .upsert(let entity): write(entity, unreachable)
      case .reset(_, let entities):
        hasBegun = true
        for entity in entities { write(entity, unreachable) }
      default: break
      }
    }
    if hasBegun { flush() }
  }

  private func write(_ entity: Entity, _ unreachable: (Route) -> [Int: String]) {
    hasBegun = true
    guard case .route(let route) = entity else { return }
    writer.append(RouteItem(route: route, unreachable: unreachable(route)))
    if writer.count > Self.pieceSize { flush() }
  }

  private func flush() {
    do { try writer.drain { bytes throws in try console.write(bytes) } } catch { failure = failure ?? error }
  }

  func finish(_ planes: [PlaneStatus]) throws {
    if let failure { throw failure }
    try console.write(writer.finish(planes))
  }
}
