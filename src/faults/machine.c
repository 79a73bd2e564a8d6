/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults/machine.h"

#include <string.h>

/* The drivers' names are those of the kernel's modules; where two are given, firmware or the
 * hypervisor's settings decide which it is. */
const struct machine machines[] = {
    {"virtio",
     "KVM, QEMU, and most clouds that build on them",
     {{"the disk", {"virtio_blk", "virtio_scsi"}},
      {"the bus", {"virtio_pci", "virtio_pci_legacy_dev", "virtio_mmio"}}},
     "vd sd"},
    {"nvme", "a machine with an NVMe disk, AWS Nitro", {{"the disk", {"nvme"}}}, "nvme"},
    {"xen", "Xen, AWS before Nitro", {{"the disk", {"xen_blkfront"}}}, "xvd sd"},
    {"hyperv",
     "Hyper-V, Azure",
     {{"the disk", {"hv_storvsc"}}, {"the bus", {"hv_vmbus"}}},
     "sd nvme"},
    {"vmware",
     "VMware",
     {{"the disk", {"vmw_pvscsi", "mptspi", "mptsas", "nvme", "ahci"}}},
     "sd nvme"},
    {"sata", "a PC with a SATA disk, VirtualBox", {{"the disk", {"ahci", "ata_piix"}}}, "sd"},
};

const size_t machine_count = sizeof machines / sizeof machines[0];

const struct machine *machine_find(const char *name)
{
    for (size_t i = 0; i < machine_count; i++)
        if (strcmp(machines[i].name, name) == 0)
            return &machines[i];
    return NULL;
}
