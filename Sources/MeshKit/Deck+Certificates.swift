extension Deck {
  /// The certificates of proxies of any planes, or why one's are not known; the planes are asked side by side.
  public func certificates(of proxies: some Sequence<ObjectRef>) async -> [ObjectRef: Known<ProxyCertificates>] {
    let byPlane = Dictionary(grouping: Set(proxies), by: \.plane)
    return await withTaskGroup(of: [ObjectRef: Known<ProxyCertificates>].self) { group in
      for (plane, proxies) in byPlane {
        guard let connection = try? connection(plane) else { continue }
        group.addTask { await connection.control.certificates(of: proxies.sorted()) }
      }
      var result: [ObjectRef: Known<ProxyCertificates>] = [:]
      for await part in group { result.merge(part) { $1 } }
      return result
    }
  }
}
