import MeshModel

/// A reader of Knative's Services, Routes and Revisions.
enum KnativeObjectReader {
  static let revisionLabel = "serving.knative.dev/revision"
  static let serviceLabel = "serving.knative.dev/service"

  /// The traffic block of a Service or Route, as a route with one rule whose backends are revisions.
  static func route(_ parts: ObjectParts, ref: ObjectRef) -> Route {
    let ready = parts.status["latestReadyRevisionName"]?.string
    let targets = parts.spec["traffic"]?.array ?? [["latestRevision": true, "percent": 100]]
    var backends = targets.enumerated().map { index, target in
      let revision = target["revisionName"]?.string
      let name = revision ?? target["configurationName"]?.string ?? "latest"
      return Backend(
        name: name, host: revision ?? ready ?? ref.name, weight: target["percent"]?.int,
        pointer: JSONPointer(["spec", "traffic", String(index)]))
    }
    for (index, backend) in backends.enumerated()
    where backends.enumerated().contains(where: { $0.offset != index && $0.element.name == backend.name }) {
      backends[index].name = targets[index]["tag"]?.string ?? "\(backend.name)#\(index)"
    }
    let tags = targets.compactMap { $0["tag"]?.string.map { "tag \($0)" } }
    return Route(
      ref: ref, dialect: .knative, apiVersion: parts.apiVersion, hosts: [ref.name], attachedTo: tags,
      rules: [Rule(backends: backends, pointer: "/spec")], version: parts.meta.version,
      createdAt: parts.meta.createdAt, owners: ObjectOwners.owners(of: parts.meta), status: status(parts))
  }

  /// What Knative reports: its conditions, and the percents in effect by the names the traffic block uses.
  private static func status(_ parts: ObjectParts) -> [StatusReport] {
    guard parts.status["conditions"] != nil || parts.status["traffic"] != nil else { return [] }
    var weights: [String: Int] = [:]
    for target in parts.status["traffic"]?.array ?? [] {
      let percent = target["percent"]?.int ?? 0
      if let revision = target["revisionName"]?.string { weights[revision, default: 0] += percent }
      if target["latestRevision"]?.bool ?? false { weights["latest", default: 0] += percent }
      if let tag = target["tag"]?.string { weights[tag, default: 0] += percent }
    }
    return [
      StatusReport(
        controller: "Knative", conditions: parts.conditions(parts.status), isCurrent: parts.isCurrent(parts.status),
        weights: weights)
    ]
  }

  /// A revision: a named group of its service's instances, with its scale in words.
  static func revision(_ parts: ObjectParts, ref: ObjectRef) -> DestinationPolicy {
    let service = parts.meta.labels[serviceLabel] ?? ""
    func scale(_ name: String) -> String? {
      parts.meta.annotations["autoscaling.knative.dev/\(name)-scale"]
        ?? parts.meta.annotations["autoscaling.knative.dev/\(name)Scale"]
    }
    let actual = parts.status["actualReplicas"]?.int
    let words = "scale \(scale("min") ?? "0")–\(scale("max") ?? "∞")" + (actual.map { ", \($0) running" } ?? "")
    return DestinationPolicy(
      ref: ref, host: service,
      subsets: [
        DestinationPolicy.Subset(
          name: ref.name, labels: [revisionLabel: ref.name], settings: DestinationPolicy.TrafficSettings(),
          pointer: JSONPointer())
      ], settings: DestinationPolicy.TrafficSettings(connectionPool: words), createdAt: parts.meta.createdAt,
      version: parts.meta.version, apiVersion: parts.apiVersion,
      status: [
        StatusReport(
          controller: "Knative", conditions: parts.conditions(parts.status), isCurrent: parts.isCurrent(parts.status),
          weights: actual.map { ["replicas": $0] } ?? [:])
      ])
  }
}
