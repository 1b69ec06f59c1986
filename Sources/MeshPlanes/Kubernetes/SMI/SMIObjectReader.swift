import MeshModel

/// A reader of TrafficSplits, HTTPRouteGroups and TrafficTargets in any of their versions.
enum SMIObjectReader {
  /// The split as a route with one rule. Calls to `spec.service` go to the backends.
  static func split(_ parts: ObjectParts, ref: ObjectRef) -> Route {
    let backends = (parts.spec["backends"]?.array ?? []).enumerated().map { index, item in
      let name = item["service"]?.string ?? ""
      return Backend(
        name: name, host: name, weight: item["weight"].flatMap { SMIWeights.read($0, apiVersion: parts.apiVersion) },
        pointer: JSONPointer(["spec", "backends", String(index)]))
    }
    let groups = (parts.spec["matches"]?.array ?? []).map {
      RuleMatch(others: ["\($0["kind"]?.string ?? "HTTPRouteGroup") \($0["name"]?.string ?? "")"])
    }
    return Route(
      ref: ref, dialect: .smi, apiVersion: parts.apiVersion, hosts: [parts.spec["service"]?.string ?? ""],
      attachedTo: ["mesh"], rules: [Rule(matches: groups, backends: backends, pointer: "/spec")],
      version: parts.meta.version, createdAt: parts.meta.createdAt, owners: ObjectOwners.owners(of: parts.meta))
  }

  /// A group of named conditions: rules without destinations, which splits and targets refer to.
  static func group(_ parts: ObjectParts, ref: ObjectRef) -> Route {
    // v1alpha1 and v1alpha2 had them at the top.
    let isNew = parts.spec["matches"] != nil
    let rules = ((isNew ? parts.spec["matches"] : parts.others["matches"])?.array ?? []).enumerated().map {
      index, item in
      let methods = (item["methods"]?.array ?? []).compactMap(\.string)
      var match = RuleMatch(
        name: item["name"]?.string ?? "", uri: item["pathRegex"]?.string.map { .regex($0) },
        method: methods.isEmpty || methods == ["*"]
          ? nil : methods.count == 1 ? .exact(methods[0]) : .regex(methods.joined(separator: "|")))
      // Headers are an object, or in early versions a list of objects.
      for object in item["headers"]?.array ?? [item["headers"] ?? [:]] {
        for member in object.object?.members ?? [] {
          match.headers[member.name.lowercased()] = .regex(member.value.string ?? "")
        }
      }
      return Rule(
        name: match.name, matches: [match], pointer: JSONPointer((isNew ? ["spec"] : []) + ["matches", String(index)]))
    }
    return Route(
      ref: ref, dialect: .smi, apiVersion: parts.apiVersion, hosts: [], rules: rules, version: parts.meta.version,
      createdAt: parts.meta.createdAt, owners: ObjectOwners.owners(of: parts.meta))
  }

  /// Who may call the pods of a service account.
  static func target(_ parts: ObjectParts, ref: ObjectRef) -> AccessPolicy {
    // v1alpha1 had its fields at the top, and `specs` for `rules`.
    let body = parts.spec["destination"] == nil ? JSONValue.object(parts.others) : parts.spec
    func account(_ json: JSONValue) -> String {
      "\(json["namespace"]?.string ?? ref.namespace)/\(json["name"]?.string ?? "")"
    }
    let destination = body["destination"].map { "to \($0["kind"]?.string ?? "ServiceAccount") \(account($0))" } ?? ""
    let rules = (body["rules"] ?? body["specs"])?.array ?? []
    let words = rules.map { rule in
      let names = (rule["matches"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
      return
        "\(destination): \(rule["kind"]?.string ?? "") \(rule["name"]?.string ?? "")\(names.isEmpty ? "" : " (\(names))")"
    }
    return AccessPolicy(
      ref: ref, selector: [:], action: "ALLOW", rules: words.isEmpty ? [destination] : words,
      principals: (body["sources"]?.array ?? []).map(account))
  }
}
