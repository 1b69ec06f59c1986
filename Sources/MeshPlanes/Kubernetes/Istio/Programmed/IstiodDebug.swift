import MeshModel

/// istiod's debug interface: at a configured address, or in each of its pods through the API server.
///
/// Only GETs without side effects are sent (Istio, `pilot/pkg/xds/debug.go`: `adsz?push=true` and others hide effects).
struct IstiodDebug {
  let dialect: IstioDialect
  let access: any KubernetesAccess

  /// The port of the debug interface in istiod's pods.
  static let port = 8080

  /// The names of istiod's pods in the root namespace.
  func pods(_ rootNamespace: String, in snapshot: MeshSnapshot) async -> [String] {
    let known = snapshot.endpoints.values.filter {
      $0.ref.plane == access.plane && $0.ref.namespace == rootNamespace && $0.labels["app"] == "istiod" && $0.isReady
    }
    if !known.isEmpty { return known.map(\.ref.name).sorted() }
    guard let pods = try? await access.natives("pod", namespace: rootNamespace) else { return [] }
    return pods.filter { $0.json["metadata"]?["labels"]?["app"]?.string == "istiod" }.map(\.ref.name).sorted()
  }

  /// The answers of every replica to one path, and what could not be asked.
  func answers(
    _ path: String, rootNamespace: String, in snapshot: MeshSnapshot
  ) async -> (answers: [[UInt8]], gaps: [String]) {
    if let address = dialect.addresses.istiod, let direct = dialect.direct {
      do throws(MeshError) {
        return ([try await direct(address + path)], [])
      } catch {
        return ([], ["istiod at its configured address: \(error.message)"])
      }
    }
    let pods = await pods(rootNamespace, in: snapshot)
    guard !pods.isEmpty else { return ([], ["no ready istiod pod (label app=istiod) in \(rootNamespace)"]) }
    let (access, plane) = (self.access, rootNamespace)
    return await withTaskGroup(of: Result<[UInt8], MeshError>.self) { group in
      for pod in pods {
        group.addTask {
          do throws(MeshError) {
            return .success(
              try await Deadline.within(seconds: 5, what: "istiod \(pod)") { () async throws(MeshError) in
                try await access.get(pod: pod, namespace: plane, port: Self.port, path: path)
              })
          } catch {
            return .failure(error)
          }
        }
      }
      var (answers, gaps) = ([[UInt8]](), [String]())
      for await result in group {
        switch result {
        case .success(let bytes): answers.append(bytes)
        case .failure(let error): gaps.append("istiod's \(path): \(error.message)")
        }
      }
      return (answers, gaps.sorted())
    }
  }
}

/// A limit of time on an asynchronous question.
enum Deadline {
  /// The answer, or an `.unreachable` error once the time is up; the question is cancelled then.
  static func within<Value: Sendable>(
    seconds: Double, what: String, _ body: @escaping @Sendable () async throws(MeshError) -> Value
  ) async throws(MeshError) -> Value {
    let result = await withTaskGroup(of: Result<Value, MeshError>.self) { group in
      group.addTask {
        do throws(MeshError) { return .success(try await body()) } catch { return .failure(error) }
      }
      group.addTask {
        try? await Task.sleep(for: .seconds(seconds))
        return .failure(MeshError(.unreachable, "\(what) gave no answer in \(Int(exactly: seconds) ?? 0) s"))
      }
      let first = await group.next()
      group.cancelAll()
      return first
    }
    return try (result ?? .failure(MeshError(.cancelled, "\(what) was not asked"))).get()
  }
}
