import MeshModel
import MeshTransport

/// A write that goes on at Google after its request was answered: polled to its end, with the error it ended in.
///
/// Sources: `google.longrunning.Operation` (`done`, `error`, `response`) of network services and network security; Compute
/// Engine's `Operation` (`status`, `error.errors[]`, `httpErrorStatusCode`).
struct TrafficDirectorOperation {
  let client: TrafficDirectorClient
  let api: TrafficDirectorKind.API
  let what: String
  let object: ObjectRef

  /// How long it is waited for. Google's own clients wait as long for routes.
  static let timeLimit = Duration.seconds(120)

  /// Waits until an operation ended well; fails as it failed.
  ///
  /// One whose end is not seen is of unknown outcome: it goes on at Google.
  func ended(_ first: JSONValue) async throws(MeshError) {
    var operation = first
    guard let name = operation["name"]?.string, !name.isEmpty else {
      throw MeshError(
        .unknownOutcome, "\(what): the answer names no operation", plane: client.plane, object: object,
        remedy: "read it back before anything else")
    }
    let begun = client.clock.now()
    var pause = Duration.milliseconds(250)
    while !isDone(operation) {
      guard client.clock.now() - begun < Self.timeLimit else { throw unknown("runs longer than 120 s", name, nil) }
      do { try await client.clock.sleep(for: pause) } catch { throw unknown("was no longer waited for", name, error) }
      pause = min(pause * 2, .seconds(4))
      do throws(MeshError) {
        operation = try await client.get(client.session(api), path(name), what: "\(what): wait for its operation")
      } catch {
        throw unknown("cannot be asked for: \(error.message)", name, error)
      }
    }
    if let failure = failure(operation) {
      throw failure.error(what, plane: client.plane, object: object, isWrite: true)
    }
  }

  private func path(_ name: String) -> String {
    if api != .compute { return api.prefix + PercentCoding.encodePath(name) }
    let project = "projects/\(PercentCoding.encode(client.project))"
    let place = object.namespace.isEmpty || object.namespace == "global" ? "global" : "regions/\(object.namespace)"
    return "\(api.prefix)\(project)/\(place)/operations/\(PercentCoding.encode(name))"
  }

  private func isDone(_ operation: JSONValue) -> Bool {
    api == .compute ? operation["status"]?.string == "DONE" : operation["done"]?.bool == true
  }

  private func failure(_ operation: JSONValue) -> GoogleFailure? {
    guard let error = operation["error"], error.object != nil else { return nil }
    if api == .compute { return GoogleFailure(status: operation["httpErrorStatusCode"]?.int ?? 400, error: error) }
    var named = error
    let number = error["code"]?.int ?? 2
    named["status"] = .string(Self.words.indices.contains(number) ? Self.words[number] : "UNKNOWN")
    return GoogleFailure(status: 400, error: named)
  }

  /// The canonical words by their numbers. Source: `google.rpc.Code`.
  private static let words = [
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
  ]

  private func unknown(_ words: String, _ name: String, _ underlying: (any Error)?) -> MeshError {
    MeshError(
      .unknownOutcome, "\(what): its operation \(name) \(words)", plane: client.plane, object: object,
      remedy: "read it back before anything else", underlying: underlying)
  }
}
