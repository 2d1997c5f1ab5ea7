"""Expands a SAM template with AWS's own translator and compares it with a CloudFormation template.

usage: expand.py sam.yaml cloudformation.yaml
"""

import json
import os
import sys

from cfnlint.decode import cfn_yaml
from samtranslator.translator.transform import transform


class NoPolicies:
    def load(self):
        return {}


def read(path):
    return json.loads(json.dumps(cfn_yaml.load(path)))["Resources"]


def properties(resource):
    # The package differs, and SAM adds a tag.
    return {k: v for k, v in resource.get("Properties", {}).items() if k not in ("Code", "Tags")}


os.environ["AWS_DEFAULT_REGION"] = "eu-west-1"
template = json.loads(json.dumps(cfn_yaml.load(sys.argv[1])))
for resource in template["Resources"].values():
    if "CodeUri" in resource.get("Properties", {}):
        resource["Properties"]["CodeUri"] = "s3://bucket/key"
ours, want = transform(template, {}, NoPolicies())["Resources"], read(sys.argv[2])
ours = json.loads(json.dumps(ours))
different = [
    name
    for name in sorted(set(ours) | set(want))
    if name not in ours
    or name not in want
    or ours[name]["Type"] != want[name]["Type"]
    or properties(ours[name]) != properties(want[name])
]
print("different:", " ".join(different))
sys.exit(1 if different else 0)
