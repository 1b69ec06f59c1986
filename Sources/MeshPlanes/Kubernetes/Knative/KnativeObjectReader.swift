import MeshModel

/// A reader of Knative's Services, Routes, Configurations and Revisions.
enum KnativeObjectReader {
  static let revisionLabel = "serving.knative.dev/revision"
  static let serviceLabel = "serving.knative.dev/service"
  static let configurationLabel = "serving.knative.dev/configuration"

  /// The traffic block of a Service or Route, as a route with one rule whose backends are revisions.
  static func route(_ parts: ObjectParts, ref: ObjectRef) -> Route {
    // A Service has one Configuration, whose state stands in its own status; a Route names the ones it follows.
    let ready = parts.status["latestReadyRevisionName"]?.string
    let targets = parts.spec["traffic"]?.array ?? [["latestRevision": true, "percent": 100]]
    var backends = targets.enumerated().map { index, target in
      let revision = target["revisionName"]?.string
      let configuration = target["configurationName"]?.string
      return Backend(
        name: revision ?? configuration ?? "latest",
        host: revision ?? configuration.map { configurationPrefix + $0 } ?? ready ?? ref.name,
        weight: target["percent"]?.int, pointer: JSONPointer(["spec", "traffic", String(index)]))
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

  private static let configurationPrefix = "configuration/"

  /// The Configuration whose latest ready revision a backend is.
  static func configuration(of backend: Backend) -> String? {
    backend.host.hasPrefix(configurationPrefix) ? String(backend.host.dropFirst(configurationPrefix.count)) : nil
  }

  /// A Configuration: the one of its revisions that gets what follows the latest.
  ///
  /// Source: Knative Serving, `ConfigurationStatusFields.latestReadyRevisionName`: the latest revision that became ready;
  /// a newer one that is not ready yet gets nothing.
  static func configuration(_ parts: ObjectParts, ref: ObjectRef) -> DestinationPolicy {
    let subsets = [parts.status["latestReadyRevisionName"]?.string].compactMap(\.self).map { name in
      DestinationPolicy.Subset(
        name: name, labels: [revisionLabel: name], settings: DestinationPolicy.TrafficSettings(),
        pointer: "/status/latestReadyRevisionName")
    }
    return DestinationPolicy(
      ref: ref, host: ref.name, subsets: subsets, settings: DestinationPolicy.TrafficSettings(),
      createdAt: parts.meta.createdAt, version: parts.meta.version, apiVersion: parts.apiVersion,
      status: status(parts))
  }

  /// The name, in what Knative reports, of the share that a revision gets as the latest one.
  static func followed(_ revision: String) -> String { "latest \(revision)" }

  /// What Knative reports: its conditions, and the percents in effect by the names the traffic block uses.
  private static func status(_ parts: ObjectParts) -> [StatusReport] {
    guard parts.status["conditions"] != nil || parts.status["traffic"] != nil else { return [] }
    var weights: [String: Int] = [:]
    for target in parts.status["traffic"]?.array ?? [] {
      let percent = min(max(target["percent"]?.int ?? 0, 0), 100)
      // What follows the latest revision is told apart from what names the same one.
      let isLatest = target["latestRevision"]?.bool ?? false
      if let revision = target["revisionName"]?.string {
        weights[isLatest ? followed(revision) : revision, default: 0] += percent
      }
      if isLatest { weights["latest", default: 0] += percent }
      if let tag = target["tag"]?.string { weights[tag, default: 0] += percent }
    }
    return [
      StatusReport(
        controller: "Knative", conditions: parts.conditions(parts.status), isCurrent: parts.isCurrent(parts.status),
        weights: weights)
    ]
  }

  /// A revision: a named group of the instances of its service, or of its configuration where no service made that, with
  /// its scale in words.
  static func revision(_ parts: ObjectParts, ref: ObjectRef) -> DestinationPolicy {
    let service = parts.meta.labels[serviceLabel] ?? parts.meta.labels[configurationLabel] ?? ""
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
