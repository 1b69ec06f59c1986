public import MeshModel

extension EnvoyPlane {
  /// Those of some proxies that are of this fleet.
  func known(of proxies: [ObjectRef]) async -> Set<ObjectRef> {
    let readings = await fleet.current(within: 60).readings
    let own = readings.map {
      ObjectRef(plane: name, namespace: $0.group, kind: EnvoyEntities.Kind.proxy, name: $0.node)
    }
    return Set(own).intersection(proxies)
  }

  /// The certificates of proxies of the fleet, asked themselves: sixteen at once, for eight seconds in all.
  public func certificates(of proxies: [ObjectRef]) async -> [ObjectRef: Known<ProxyCertificates>] {
    await BoundedQuestions.answers(of: proxies) { await self.certificates(of: $0) }
  }

  @concurrent
  private func certificates(of ref: ObjectRef) async -> Known<ProxyCertificates> {
    do throws(MeshError) {
      if speech == .mosn { return .unknown("MOSN does not tell of its certificates") }
      let admin = try await fleet.admin(proxy(ref).address)
      let held = try await EnvoyCertificates.held { path async throws(MeshError) in try await admin.get(path) }
      return .known(held, source: "the proxy's /certs and secrets", at: now())
    } catch {
      return .unknown(error.message)
    }
  }

  /// One proxy, asked itself: its routes as the fleet's last reading has them, its certificates, and how it fares.
  public func inspect(_ ref: ObjectRef) async -> ProxyInspection {
    async let certificates = certificates(of: ref)
    async let condition = condition(of: ref)
    let report = await programmed(for: [], in: MeshSnapshot())
    let routes: Known<[ProgrammedRoute]> =
      report.asked.contains(ref)
      ? .known(report.routes.filter { $0.proxy == ref }, source: "the proxy's /config_dump", at: report.at)
      : .unknown(report.gaps.first ?? "it does not answer")
    var inspection = ProxyInspection(proxy: ref, routes: routes, certificates: await certificates)
    inspection.condition = await condition
    inspection.connection = .unknown("a fleet's control plane is not asked: see its own plane")
    return inspection
  }

  @concurrent
  private func condition(of ref: ObjectRef) async -> Known<ProxyCondition> {
    do throws(MeshError) {
      let admin = try await fleet.admin(proxy(ref).address)
      let found = try await speech.condition(of: admin)
      return .known(found, source: "the proxy's administration interface", at: now())
    } catch {
      return .unknown(error.message)
    }
  }
}
