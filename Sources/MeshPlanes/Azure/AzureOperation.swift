import MeshModel
import MeshTransport

/// What goes on at Azure after a write was accepted, followed to its end.
///
/// Source: Azure Resource Manager, "Track asynchronous Azure operations": `Azure-AsyncOperation` names a place that tells
/// `status`; `Location` answers 202 until it is done; else the resource's `provisioningState` tells. `Retry-After` says
/// how long to wait between two questions.
struct AzureOperation: Sendable {
  let client: AzureClient
  let what: String
  let object: ObjectRef

  /// How a write ended.
  enum End: Sendable, Hashable {
    case done
    /// What was written is stored, and carrying it out failed: what the server says of it.
    case failed(String)
    /// It had not ended when we stopped looking.
    case running(String)
  }

  private enum Place { case status(String), location(String), resource(String), none }

  /// Follows the answer to a write; `resource` is the path of what was written, `nil` after a delete.
  func end(of response: HTTPResponse, resource: String?) async throws(MeshError) -> End {
    let place: Place
    if let address = response.headers["Azure-AsyncOperation"] {
      place = .status(try path(of: address))
    } else if response.status == 202, let address = response.headers["Location"] {
      place = .location(try path(of: address))
    } else if let resource {
      place = .resource(resource)
    } else {
      place = .none
    }
    // The answer itself may tell that nothing goes on.
    if case .resource = place, response.status != 202, !response.body.isEmpty,
      let json = try? JSONValue(parsing: response.body), let state = Self.state(json["properties"])
    {
      if let end = Self.end(state, AzureFailure(json["properties"]?["error"], status: 200), json) { return end }
    }
    let begun = client.clock.now()
    var pause = Self.pause(response.headers, client)
    while true {
      if case .none = place { return .done }
      guard client.clock.now() - begun < AzureClient.patience else {
        return .running("\(what): it goes on at the server after \(AzureClient.patience.components.seconds) s")
      }
      if pause > .zero {
        do { try await client.clock.sleep(for: pause) } catch {
          return .running("\(what): it was not followed to its end")
        }
      }
      let (end, next) = try await look(at: place)
      if let end { return end }
      pause = next
    }
  }

  /// Asks once how it stands; `nil` where it goes on, with how long to wait.
  private func look(at place: Place) async throws(MeshError) -> (End?, Duration) {
    switch place {
    case .none: return (.done, .zero)
    case .status(let path):
      let response = try await read(path)
      let json = try response.json(what, plane: client.plane, object: object, isWrite: true)
      let state = json["status"]?.string ?? ""
      return (Self.end(state, AzureFailure(json, status: response.status), json), Self.pause(response.headers, client))
    case .location(let path):
      let response: HTTPResponse
      do throws(TransportError) { response = try await client.session.send(client.get(path)) } catch {
        throw unread(MeshError(error, what, plane: client.plane, object: object))
      }
      if response.status == 202 { return (nil, Self.pause(response.headers, client)) }
      // What was deleted may be gone from the place that told of it.
      if response.isSuccess || response.status == 404 { return (.done, .zero) }
      return (.failed(AzureFailure(response).said), .zero)
    case .resource(let path):
      let response = try await read(path)
      let json = try response.json(what, plane: client.plane, object: object, isWrite: true)
      guard let state = Self.state(json["properties"]) else { return (.done, .zero) }
      return (
        Self.end(state, AzureFailure(json["properties"]?["error"], status: 200), json),
        Self.pause(response.headers, client)
      )
    }
  }

  private func path(of address: String) throws(MeshError) -> String {
    do throws(MeshError) { return try client.path(of: address, what) } catch { throw unread(error) }
  }

  private func read(_ path: String) async throws(MeshError) -> HTTPResponse {
    do throws(MeshError) { return try await client.answer(client.get(path), what, object) } catch {
      throw unread(error)
    }
  }

  private func unread(_ error: MeshError) -> MeshError {
    MeshError(
      .unknownOutcome, "accepted, and how it went on could not be read: \(error.message)", plane: client.plane,
      object: object, remedy: "read it back before anything else", underlying: error)
  }

  /// The state that a resource tells of itself: of its last write where there is such, else of the thing.
  private static func state(_ properties: JSONValue?) -> String? {
    properties?["provisioningState"]?.string ?? properties?["status"]?.string
  }

  /// The end that a state means; `nil` where it means that something goes on.
  private static func end(_ state: String, _ failure: AzureFailure, _ json: JSONValue) -> End? {
    switch state.lowercased() {
    case "succeeded", "ready", "unknown", "": .done
    case "failed", "canceled", "cancelled":
      .failed(
        failure.code.isEmpty && failure.words.isEmpty
          ? json["properties"]?["statusDetails"]?.string ?? "its state is \(state)" : failure.said)
    default: nil
    }
  }

  /// The pause asked for: a second where none is, half a minute at most.
  private static func pause(_ headers: HTTPHeaders, _ client: AzureClient) -> Duration {
    guard let text = headers["Retry-After"], let seconds = Int(text) else { return .seconds(1) }
    return .seconds(min(max(seconds, 0), 30))
  }
}
