"""Expands SAM templates with AWS's own translator and compares each with a CloudFormation template.

usage: expand.py sam.yaml cloudformation.yaml [sam.yaml cloudformation.yaml]...

It prints, for each pair, the resources that are not the same.
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


def differences(sam, cloudformation):
    template = json.loads(json.dumps(cfn_yaml.load(sam)))
    for resource in template["Resources"].values():
        if "CodeUri" in resource.get("Properties", {}):
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    expanded = transform(template, {}, NoPolicies())["Resources"]
    ours, want = json.loads(json.dumps(expanded)), read(cloudformation)
    return [
        name
        for name in sorted(set(ours) | set(want))
        if name not in ours
        or name not in want
        or ours[name]["Type"] != want[name]["Type"]
        or properties(ours[name]) != properties(want[name])
    ]


os.environ["AWS_DEFAULT_REGION"] = "eu-west-1"
for sam, cloudformation in zip(sys.argv[1::2], sys.argv[2::2]):
    print("differences:", *differences(sam, cloudformation))
