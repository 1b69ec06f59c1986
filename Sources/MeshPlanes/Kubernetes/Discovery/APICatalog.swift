import MeshModel
import MeshTransport

/// What the server serves, asked once and again when it has grown old.
actor APICatalog {
  /// After how long it is asked again.
  static let lifetime = Duration.seconds(240)

  private let client: KubernetesClient
  private let clock: any TransportClock
  private var index: APIIndex?
  private var readAt = Duration.zero
  private let reading = SharedWork<Result<APIIndex, MeshError>>()

  init(_ client: KubernetesClient, clock: any TransportClock) {
    self.client = client
    self.clock = clock
  }

  /// What was found last; `nil` before the first answer.
  var known: APIIndex? { index }

  /// What is served. An old answer serves on while the server cannot be asked.
  func current(fresh: Bool = false) async throws(MeshError) -> APIIndex {
    if let index, !fresh, clock.now() - readAt < Self.lifetime { return index }
    let result = await reading.value { [client] in
      do throws(MeshError) { return .success(try await client.discover()) } catch { return .failure(error) }
    }
    switch result {
    case nil: throw MeshError(.cancelled, "ask what is served", plane: client.plane)
    case .success(let found):
      index = found
      readAt = clock.now()
      return found
    case .failure(let error):
      guard let index, !fresh else { throw error }
      return index
    }
  }
}
