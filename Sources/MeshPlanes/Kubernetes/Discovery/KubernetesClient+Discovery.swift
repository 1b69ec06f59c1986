import MeshModel
import MeshTransport

extension KubernetesClient {
  /// Asks for the aggregated form first, in either version of it; a server that knows none answers in the old one.
  private static let aggregatedTypes =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    + "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"

  /// What the server serves. A group that cannot be asked is noted and the rest is usable (faults F14).
  func discover() async throws(MeshError) -> APIIndex {
    let core = try await discover("/api")
    let groups = try await discover("/apis")
    var index = APIIndex()
    for part in [core, groups] {
      index.resources += part.resources
      index.broken.merge(part.broken) { first, _ in first }
    }
    return index
  }

  private func discover(_ root: String) async throws(MeshError) -> APIIndex {
    let what = "discover the API"
    let response = try await send(
      .get, root, accept: Self.aggregatedTypes, limits: .page, what: what)
    do throws(JSONError) {
      if let index = try APIIndex.aggregated(response.body) { return index }
    } catch {
      throw unexpected(response.body, error, what: what)
    }
    return try await legacy(tree(response, what: what), root: root)
  }

  private func legacy(_ list: JSONValue, root: String) async throws(MeshError) -> APIIndex {
    var versions: [(group: String, version: String)] = []
    for version in list["versions"]?.array ?? [] { if let text = version.string { versions.append(("", text)) } }
    for group in list["groups"]?.array ?? [] {
      guard let name = group["name"]?.string else { continue }
      var served = group["versions"]?.array?.compactMap { $0["version"]?.string } ?? []
      if let preferred = group["preferredVersion"]?["version"]?.string, let place = served.firstIndex(of: preferred) {
        served.insert(served.remove(at: place), at: 0)
      }
      versions += served.map { (name, $0) }
    }
    var answers: [Int: Result<JSONValue, MeshError>] = [:]
    await withTaskGroup(of: (Int, Result<JSONValue, MeshError>).self) { group in
      var next = 0
      func start() {
        guard next < versions.count else { return }
        let (number, entry) = (next, versions[next])
        next += 1
        group.addTask {
          let path = entry.group.isEmpty ? "\(root)/\(entry.version)" : "\(root)/\(entry.group)/\(entry.version)"
          do throws(MeshError) {
            let what = "discover \(entry.group) \(entry.version)"
            let response = try await self.send(.get, path, limits: .page, what: what)
            return (number, .success(try self.tree(response, what: what)))
          } catch {
            return (number, .failure(error))
          }
        }
      }
      for _ in 0..<4 { start() }
      for await (number, answer) in group {
        answers[number] = answer
        start()
      }
    }
    var index = APIIndex()
    for (number, entry) in versions.enumerated() {
      switch answers[number] {
      case .success(let list): index.add(list, group: entry.group, version: entry.version)
      case .failure(let error): index.broken[entry.group] = error.message
      case nil: break
      }
    }
    return index
  }
}
