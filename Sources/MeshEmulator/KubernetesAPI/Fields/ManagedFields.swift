import MeshModel

/// Who wrote which fields of an object: `metadata.managedFields`.
struct ManagedFields: Sendable {
  /// The identity of a writer.
  struct Manager: Sendable, Hashable {
    var name: String
    var operation: String
    var apiVersion: String
    var subresource: String?
  }

  /// What one writer owns.
  struct Entry: Sendable {
    var manager: Manager
    var time: String
    var fields: FieldSet
  }

  /// A field another manager owns with another value.
  struct Conflict: Sendable, Hashable {
    var manager: Manager
    var field: String
  }

  var entries: [Entry] = []

  /// Reads `metadata.managedFields`.
  init(_ json: JSONValue?) {
    entries = (json?.array ?? []).map { item in
      Entry(
        manager: Manager(
          name: item["manager"]?.string ?? "", operation: item["operation"]?.string ?? "Update",
          apiVersion: item["apiVersion"]?.string ?? "", subresource: item["subresource"]?.string),
        time: item["time"]?.string ?? "", fields: FieldSet(fieldsV1: item["fieldsV1"] ?? [:]))
    }
  }

  /// The form in `metadata.managedFields`; appliers come first.
  var json: JSONValue {
    let sorted = entries.enumerated().sorted { left, right in
      if left.element.manager.operation != right.element.manager.operation {
        return left.element.manager.operation < right.element.manager.operation
      }
      return left.element.time == right.element.time
        ? left.offset < right.offset : left.element.time < right.element.time
    }
    return .array(
      sorted.map { _, entry in
        var item: JSONValue = [
          "apiVersion": .string(entry.manager.apiVersion), "fieldsType": "FieldsV1", "fieldsV1": entry.fields.fieldsV1,
          "manager": .string(entry.manager.name), "operation": .string(entry.manager.operation),
          "time": .string(entry.time),
        ]
        if let subresource = entry.manager.subresource { item["subresource"] = .string(subresource) }
        return item
      })
  }

  /// The part of an object that has owners: not its envelope and not what the server sets.
  static func ownable(_ object: JSONValue) -> JSONValue {
    let metadata = (object["metadata"]?.object?.members ?? []).filter {
      ["annotations", "labels", "finalizers", "ownerReferences"].contains($0.name)
    }
    let rest = (object.object?.members ?? []).filter { !["apiVersion", "kind", "metadata"].contains($0.name) }
    let head = metadata.isEmpty ? [] : [JSONObject.Member(name: "metadata", value: .object(JSONObject(metadata)))]
    return .object(JSONObject(head + rest))
  }

  /// Records what an update changed: its writer owns that now, and nobody else does.
  mutating func recordUpdate(
    from old: JSONValue?, to new: JSONValue, schema: Schema, manager: Manager, time: String
  ) {
    let empty: JSONValue = [:]
    let comparison = FieldComparison(
      from: old.map(Self.ownable) ?? empty, to: Self.ownable(new), schema: schema)
    var written = comparison.written
    written.children["f:metadata"]?.isMember = false
    guard !written.isEmpty || !comparison.removed.isEmpty else { return }
    let lost = comparison.modified.union(comparison.removed)
    for index in entries.indices where entries[index].manager != manager {
      entries[index].fields = entries[index].fields.subtracting(lost)
    }
    if let index = entries.firstIndex(where: { $0.manager == manager }) {
      entries[index].fields = entries[index].fields.union(written).subtracting(comparison.removed)
      entries[index].time = time
    } else {
      entries.append(Entry(manager: manager, time: time, fields: written))
    }
    entries.removeAll { $0.fields.isEmpty }
  }

  /// Applies a configuration to an object as server-side apply does.
  ///
  /// - Returns: The merged object, or the conflicts that refuse it.
  mutating func apply(
    _ configuration: JSONValue, to live: JSONValue?, schema: Schema, manager: Manager, time: String, force: Bool
  ) -> (merged: JSONValue, conflicts: [Conflict]) {
    let applied = Self.ownable(configuration)
    let fields = FieldSet(of: applied, schema: schema, containers: false)
    guard let live else {
      entries = [Entry(manager: manager, time: time, fields: fields)]
      return (configuration, [])
    }
    var merged = schema.merged(live, applied)
    let written = FieldComparison(from: Self.ownable(live), to: Self.ownable(merged), schema: schema).written
      .intersection(fields)
    var conflicts: [Conflict] = []
    for index in entries.indices where entries[index].manager != manager {
      let common = entries[index].fields.intersection(written)
      guard !common.isEmpty else { continue }
      if force {
        entries[index].fields = entries[index].fields.subtracting(common)
      } else {
        conflicts += common.paths.map { Conflict(manager: entries[index].manager, field: $0) }
      }
    }
    guard conflicts.isEmpty else { return (live, conflicts) }
    let mine = entries.firstIndex { $0.manager == manager }
    if let mine {
      var dropped = entries[mine].fields.subtracting(fields)
      for (index, entry) in entries.enumerated() where index != mine { dropped = dropped.subtracting(entry.fields) }
      merged = schema.removing(dropped, from: merged) ?? merged
      if entries[mine].fields != fields { entries[mine].time = time }
      entries[mine].fields = fields
    } else {
      entries.append(Entry(manager: manager, time: time, fields: fields))
    }
    entries.removeAll { $0.fields.isEmpty }
    return (merged, [])
  }
}

extension JSONValue {
  /// Records one applier as the owner of every field.
  mutating func recordApplier(_ name: String, of type: ResourceType, apiVersion: JSONValue?, time: String) {
    let manager = ManagedFields.Manager(
      name: name, operation: "Apply", apiVersion: apiVersion?.string ?? type.preferredAPIVersion)
    var owned = self
    owned["status"] = nil
    var fields = ManagedFields(nil)
    _ = fields.apply(owned, to: nil, schema: type.schema, manager: manager, time: time, force: true)
    self["metadata"]?["managedFields"] = fields.json
  }
}
