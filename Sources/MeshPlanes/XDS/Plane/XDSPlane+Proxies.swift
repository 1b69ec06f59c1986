public import MeshModel

/// Single proxies: those named in the configuration are asked themselves, the others are known by their control plane alone.
extension XDSPlane {
  /// The certificates of the proxies that can be asked themselves.
  public func certificates(of proxies: [ObjectRef]) async -> [ObjectRef: Known<ProxyCertificates>] {
    var result = Dictionary(proxies.map { ($0, Known<ProxyCertificates>.unknown(Self.unnamed)) }) { first, _ in first }
    if let own = self.proxies {
      let known = await own.known(of: proxies)
      result.merge(await own.certificates(of: proxies.filter(known.contains))) { $1 }
    }
    return result
  }

  /// One proxy, asked itself where it is named in the configuration, with what its control plane says of it.
  public func inspect(_ proxy: ObjectRef) async -> ProxyInspection {
    if let own = proxies, await own.known(of: [proxy]).contains(proxy) {
      var inspection = await own.inspect(proxy)
      inspection.connection = .unknown("it is told by \(await owner) in client status alone")
      return inspection
    }
    var inspection = ProxyInspection(
      proxy: proxy, routes: .unknown(Self.unnamed), certificates: .unknown(Self.unnamed))
    inspection.condition = .unknown(Self.unnamed)
    let report = await programmed(for: [], in: MeshSnapshot())
    if report.asked.contains(proxy) {
      inspection.routes = .known(
        report.routes.filter { $0.proxy == proxy }, source: "client status", at: report.at)
    }
    inspection.connection =
      await istiod?.connection(of: proxy, using: detached)
      ?? .unknown("discovery tells of no connections beside its own")
    return inspection
  }

  private static let unnamed =
    "it is not asked itself: name its administration interface under envoy in the plane's configuration"

  /// What istiod holds and what troubles it, by discovery.
  public func distribution(in snapshot: MeshSnapshot) async -> DistributionReport? {
    await istiod?.distribution(in: snapshot, using: detached)
  }

  /// What istiod's registry holds of a service, by discovery.
  public func registration(of service: Service) async -> Known<[Registration]>? {
    await istiod?.registration(of: service, using: detached)
  }
}
