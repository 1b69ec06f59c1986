extension SchemaText {
  /// The fields of Knative Serving's kinds, from the schemas of its custom resource definitions.
  static let knative = #"""
    $Knative.Configuration = {spec:{template:*},status:*}
    $Knative.Revision = {spec:*,status:*}
    $Knative.Route = {spec:{traffic:[{configurationName:s,latestRevision:b,percent:i,revisionName:s,tag:s,url:s}]},
      status:*}
    $Knative.Service = {spec:{template:*,traffic:[{configurationName:s,latestRevision:b,percent:i,revisionName:s,
      tag:s,url:s}]},status:*}
    """#
}
