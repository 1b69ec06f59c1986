import MeshModel

/// Reads the resources of a connection, those within others with those they are within.
struct ServiceFabricCatalog: Sendable {
  let client: AzureClient
  let base: ServiceFabricBase

  /// Everything that was read, and why a kind could not be.
  struct Reading: Sendable {
    var objects: [ServiceFabricKind: [NativeObject]] = [:]
    /// The replicas of each service by its name; a service whose replicas could not be read has none.
    var replicas: [ServiceFabricName: [JSONValue]] = [:]
    /// Why a kind is not there: denied, or not served by this endpoint.
    var gaps: [ServiceFabricKind: MeshError] = [:]
    /// Why replicas are not there.
    var replicaGap: MeshError?
  }

  /// Reads kinds; a kind that is denied or not served is a gap and does not hide the others.
  ///
  /// Where not one kind could be read, that is the failure.
  func read(_ kinds: Set<ServiceFabricKind>, replicas: Bool) async throws(MeshError) -> Reading {
    var reading = Reading()
    for kind in ServiceFabricKind.allCases where kinds.contains(kind) && kind != .service {
      do throws(MeshError) {
        reading.objects[kind] = try await list(kind)
      } catch  where error.code == .forbidden || error.code == .notFound {
        reading.gaps[kind] = error
      }
    }
    if kinds.contains(.service) { try await readServices(into: &reading, replicas: replicas) }
    if reading.objects.isEmpty, let gap = reading.gaps.min(by: { $0.key.rawValue < $1.key.rawValue })?.value {
      throw gap
    }
    return reading
  }

  private func readServices(into reading: inout Reading, replicas: Bool) async throws(MeshError) {
    do throws(MeshError) {
      let applications: [NativeObject] =
        if let known = reading.objects[.application] { known } else { try await list(.application) }
      var services: [NativeObject] = []
      for application in applications {
        let name = application.json["name"]?.string ?? ""
        for service in try await list(.service, application: name) {
          services.append(service)
          guard replicas, let full = ServiceFabricName(service.ref) else { continue }
          do throws(MeshError) {
            reading.replicas[full] = try await client.list(
              base.replicas(of: full), what: "list the replicas of \(name)/\(full.name)")
          } catch  where error.code == .forbidden || error.code == .notFound {
            reading.replicaGap = error
          }
        }
      }
      reading.objects[.service] = services
    } catch  where error.code == .forbidden || error.code == .notFound {
      reading.gaps[.service] = error
    }
  }

  private func list(_ kind: ServiceFabricKind, application: String = "") async throws(MeshError) -> [NativeObject] {
    let what = "list \(kind.collection)" + (application.isEmpty ? "" : " of \(application)")
    let entries = try await client.list(base.path(of: kind, application: application), what: what)
    return entries.compactMap { entry in
      guard let text = entry["name"]?.string, !text.isEmpty else { return nil }
      let name = ServiceFabricName(kind, text, application: application)
      return NativeObject(serviceFabric: entry, path: base.path(of: name), ref: name.ref(plane: client.plane))
    }.sorted { $0.ref < $1.ref }
  }
}
