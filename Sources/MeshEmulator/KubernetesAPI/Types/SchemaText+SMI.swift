extension SchemaText {
  /// The fields of the Service Mesh Interface's kinds, from the schemas of its custom resource definitions.
  static let smi = #"""
    $SMI.TrafficTarget = {spec!:{destination!:{kind!:e(ServiceAccount|IdentityBinding),name!:s,namespace:s},rules:[{
      kind!:s,matches:[s],name!:s}],sources:[{kind!:e(ServiceAccount|IdentityBinding),name!:s,namespace:s}]},
      status:*}
    $SMI.HTTPRouteGroup = {spec:{matches:[{headers:<s>,methods:[s],name:s,pathRegex:s}]},status:*}
    $SMI.TrafficSplit = {spec:{backends!:[{service!:s,weight!:i}],matches:[{apiGroup:s,kind!:s,name!:s}],
      service!:s},status:*}
    """#
}
