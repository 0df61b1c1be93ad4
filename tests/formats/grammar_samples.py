"""A file of each language that is read by its grammar."""

SOURCES = {
    "a.py": """\
#!/usr/bin/env python
# coding: utf-8
\"\"\"What it does: things.

More.\"\"\"
import os

X = 1


# about
@dec(
  1
)
class A(B):
    \"\"\"An A.\"\"\"
    x = 1

    async def g(self): ...

    # ---- group

    @property
    def h(self):
        def inner(): pass
        return inner


if X:
    def cond(): pass
Y = 2
""",
    "a.js": """\
import x from "y";

/** Adds. */
export const add = (a, b) => a + b;

export default class Shop extends Base {
  static #n = 1;
  /** opens */
  open() {
    return 1;
  }
  close = () => {
  }
}

module.exports.run = function () {
};
const o = {
  go() { return 1 },
  stop: function () {
  },
};

function* gen() {
}
console.log(1);
""",
    "a.ts": """\
/** A shape. */
export interface Shape {
  area(): number;
}
export type Id = string | number;
enum Color { Red }
namespace Geo {
  export abstract class C<T> implements Shape {
    @Input() name: string;
    constructor(private x: T) {}
    public area(): number {
      return 1;
    }
  }
}
@Component({selector: "a"})
export class Cmp {
  @HostListener("x")
  go(): void {
  }
}
""",
    "a.tsx": """\
export function App(props: P) {
  const f = () => 1;
  return <div>{f()}</div>;
}
export const Row = memo((p: P) => {
  return <tr/>;
});
""",
    "a.go": """\
// Package p does.
package p

// Server serves.
type Server struct {
	a int
}

// Run runs.
func (s *Server) Run(ctx context.Context) (int, error) {
	return 1, nil
}

var x = 1

func main() {
}
""",
    "a.rs": """\
//! Points and such.
//! More.
use std::io;

/// A point
#[derive(Debug,
  Clone)]
pub struct Point<T> {
    x: T,
}

impl<T> Point<T> {
    /// new
    pub fn new(x: T) -> Self {
        Self { x }
    }
}

mod tests {
    #[test]
    fn it_works() {}
}
macro_rules! m { () => {} }
trait T { fn a(&self); }
""",
    "A.java": """\
package a;

import b;

/** Doc. */
@Entity(name = "x")
public class A extends B {
    private int x = 1;

    /** c */
    public A() {
    }

    @Override
    public String toString() {
        return "x";
    }

    enum E { P, Q }
    interface I { void f(); }
    record R(int a) {}
}
""",
    "a.c": """\
#include <a.h>

/* adds */
static int add(int a,
               int b)
{
    return a + b;
}

typedef struct {
    int x;
} pt;

struct node {
  int y;
};

enum e { A, B };
int *ptr(void) { return 0; }
int x = 3;
""",
    "a.cpp": """\
namespace ns {

// A box.
template <typename T>
class Box : public Base {
 public:
  // get
  T get() const { return x; }
 private:
  T x;
};

}  // namespace ns

int ns::Box<int>::f(int a) {
  return a;
}
""",
    "a.cs": """\
using System;

namespace N
{
    /// <summary>Doc</summary>
    [Serializable]
    public class A : B
    {
        public int X { get; set; }

        [Obsolete("x")]
        public async Task<int> F(int a)
        {
            return 1;
        }
        public A() { }
    }
    enum E { P }
}
""",
    "a.rb": """\
# A mod
module M
  # A class
  class A < B
    attr_reader :x

    # doc
    def f(a)
      1
    end

    def self.g
    end
  end
end
puts 1
""",
    "a.php": """\
<?php
namespace N;

/** Doc */
#[Attr]
final class A extends B {
    use T;
    /** f */
    public function f(int $a): string {
        return "x";
    }
}
function g() {
}
interface I { public function h(); }
""",
    "a.kt": """\
package a

/** Doc */
data class A(val x: Int) {
    /** f */
    override fun f(a: Int): Int {
        return 1
    }
    companion object {
        fun of() = A(1)
    }
}

object O {
}

fun top(x: Int) = x
""",
    "a.swift": """\
import X

/// Doc
@objc public class A: B {
    var x = 1
    /// init
    init(x: Int) {
        self.x = x
    }
    /// f
    func f(_ a: Int) -> Int {
        return 1
    }
}

extension A: P {
    func g() {}
}
struct S {
}
protocol P {
    func h()
}
func top() {
}
""",
    "a.sh": """\
#!/bin/bash
set -e

# cleans
clean_up() {
  rm x
}

function go {
  echo
}
clean_up
""",
    "a.sql": """\
-- users
CREATE TABLE users (
  id INT PRIMARY KEY,
  name TEXT
);

CREATE OR REPLACE VIEW v AS SELECT * FROM users;

CREATE FUNCTION f(a INT) RETURNS INT AS $$
BEGIN
  RETURN 1;
END;
$$ LANGUAGE plpgsql;

CREATE INDEX i ON users (name);
SELECT 1;
""",
}
